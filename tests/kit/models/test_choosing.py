"""The order of the catalogue, and the reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core.contracts import ModelCard
from fmtools.kit.models.choosing import ANY, Wish, derived_memory, rank


def card(name: str, **facts: object) -> ModelCard:
    known = {
        "folder": Path("/here"), "summary": name, "parameters": 10_000_000, "disk_bytes": 1, "licence": "MIT",
        "languages": ("en",), "tasks": ("token-classification",), "memory": {"": 2_000_000_000, "--method head": 500_000_000},
    }  # fmt: skip
    return ModelCard(name=name, **{**known, **facts})  # type: ignore[arg-type]


def names(cards: list[ModelCard], wish: Wish) -> tuple[list[str], list[str]]:
    places = rank(cards, wish)
    return [p.card.name for p in places if p.rank], [p.card.name for p in places if not p.rank]


def test_ranks_count_from_one_and_nothing_is_lost() -> None:
    cards = [card("a"), card("b", languages=("zh",)), card("c", tasks=())]
    places = rank(cards, Wish("token-classification", "en"))
    assert [(p.rank, p.card.name) for p in places] == [(1, "a"), (0, "b"), (0, "c")]
    assert all(p.pros for p in places if p.rank)
    assert all(p.cons and not p.pros for p in places if not p.rank)


def test_better_suited_first_then_whole_training_then_its_own_language_then_here_then_small() -> None:
    task = "token-classification"
    cards = [
        card("large", parameters=90_000_000),
        card("away", folder=None, get="`%fm_get away` (1 MB)"),
        card("many", languages=("en", "zh")),
        card("tight", memory={"": 9_000_000_000, "--method head": 1_000_000_000}),
        card("small"),
        card("suited", suitability={task: (3, "made for it")}),
        card("nothing", scratch=True, folder=None, languages=(ANY,)),
    ]
    inside, outside = names(cards, Wish(task, "en", 3_000_000_000))
    assert inside == ["suited", "small", "large", "away", "many", "tight", "nothing"]
    assert outside == []


def test_each_reason_for_being_out_is_said_and_no_other() -> None:
    (place,) = rank([card("a")], Wish("translation", "zh", 100_000_000))
    assert place.cons == [
        "not for translation",
        "not trained on zh (on en)",
        "training needs 500 MB of memory even with --method head",
    ]
    (place,) = rank([card("a")], Wish("translation", None, 1_000_000_000))
    assert place.cons == ["not for translation"]


def test_a_budget_chooses_the_best_training_within_it() -> None:
    for budget, added in ((2_000_000_000, ""), (1_999_999_999, "--method head"), (500_000_000, "--method head")):
        (place,) = rank([card("a")], Wish(None, None, budget))
        assert (place.rank, place.added) == (1, added)
    (place,) = rank([card("a")], Wish(None, None, 499_999_999))
    assert place.rank == 0


def test_what_nobody_measured_is_said() -> None:
    (place,) = rank([card("a", memory={}, languages=())], Wish(None, "fr", 1_000_000))
    assert place.rank == 1
    assert "nobody has measured its memory" in place.cons
    assert "nobody has said which languages it knows" in place.cons


def test_what_is_not_here_says_what_to_type() -> None:
    (place,) = rank([card("a", folder=None, get="`%fm_get a` (1 MB)")], Wish())
    assert "not here yet: `%fm_get a` (1 MB)" in place.cons


@pytest.mark.parametrize(("tasks", "each"), [(("fill-mask",), 30), (("text-generation",), 54)])
def test_memory_is_derived_where_nobody_measured(tasks: tuple[str, ...], each: int) -> None:
    assert derived_memory(1_000_000, tasks) == {"": 900_000_000 + each * 1_000_000}
    assert derived_memory(0, tasks) == {}
