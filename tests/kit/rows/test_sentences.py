from __future__ import annotations

import json
from typing import Any

import datasets
import pytest

from fmtools.core import registry
from fmtools.core.contracts import Prepared
from fmtools.core.errors import DataError
from fmtools.core.options import TrainOptions
from fmtools.kit.rows.sentences import align, prepare

PEOPLE, PLACES = ["Ada", "Ada Lovelace", "Grace Hopper", "Li Wei"], ["Paris", "New York", "Los Angeles"]


def rows(count: int = 40) -> list[dict[str, Any]]:
    """Return tagged sentences, no two alike."""
    found = []
    for number in range(count):
        person, place = PEOPLE[number % 4].split(), PLACES[number % 3].split()
        tokens = [*person, "lives", "in", *place, str(number)]
        tags = [*_tags(person, "PER"), "O", "O", *_tags(place, "LOC"), "O"]
        found.append({"tokens": tokens, "tags": tags})
    return found


def _tags(words: list[str], kind: str) -> list[str]:
    return [f"{'I' if i else 'B'}-{kind}" for i in range(len(words))]


def marked(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a text with entities."""
    spans: list[dict[str, Any]] = []
    at = 0
    for token, tag in zip(row["tokens"], row["tags"], strict=True):
        if tag[0] == "B":
            spans.append({"start": at, "end": at + len(token), "label": tag[2:]})
        elif tag[0] == "I":
            spans[-1]["end"] = at + len(token)
        at += len(token) + 1
    return {"text": " ".join(row["tokens"]), "entities": spans}


def made(data: Any, **options: Any) -> Prepared:
    options = {"task": "token-classification", "data": "x", **options}
    return prepare(registry.get("sources", "frame").load(data), TrainOptions.parse(options))


def of_names() -> datasets.Dataset:
    names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    features = datasets.Features(
        {"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(datasets.ClassLabel(names=names))}
    )
    numbers = [[names.index(tag) for tag in row["tags"]] for row in rows()]
    return datasets.Dataset.from_dict({"tokens": [r["tokens"] for r in rows()], "ner_tags": numbers}, features=features)


FORMS = {
    "text with blanks": lambda: [{k: " ".join(v) for k, v in row.items()} for row in rows()],
    "JSON lists in texts": lambda: [{k: json.dumps(v) for k, v in row.items()} for row in rows()],
    "spans": lambda: [marked(row) for row in rows()],
    "spans as JSON": lambda: [{k: v if k == "text" else json.dumps(v) for k, v in marked(r).items()} for r in rows()],
    "class numbers with names": of_names,
    "other column names": lambda: [{"words": r["tokens"], "pos": ["X"] * len(r["tokens"]), "ner": r["tags"]} for r in rows()],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form: str) -> None:
    plain, other = made(rows()), made(FORMS[form]())
    assert other.splits == plain.splits
    assert plain.meta["labels"] == other.meta["labels"] == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]


def test_no_sentence_stands_on_both_sides() -> None:
    doubled = [row for row in rows(30) for _ in range(3)]
    splits = made(doubled, validation=0.3).splits
    train, held = (set(map(tuple, splits[name]["tokens"].to_pylist())) for name in ("train", "validation"))
    assert not train & held
    assert len(train) + len(held) == 30
    assert splits["train"].num_rows + splits["validation"].num_rows == 90


def test_broken_rows_are_left_out_and_counted_or_refused() -> None:
    broken = [
        *rows(),
        {"tokens": ["a", "b"], "tags": ["O"]},
        {"tokens": [], "tags": []},
        {"tokens": ["a"], "tags": [None]},
    ]
    found = made(broken)
    assert sum(table.num_rows for table in found.splits.values()) == 40
    said = " ".join(found.notices)
    assert "row 41: 2 tokens and 1 tags" in said
    assert "row 42: no tokens" in said
    assert "row 43: a tag is missing" in said
    with pytest.raises(DataError, match="Row 41 of the all rows: 2 tokens and 1 tags"):
        made(broken, on_error="stop")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"tokens": r["tokens"], "tags": ["O"] * len(r["tokens"])} for r in rows()], "tagged O"),
        ([{"tokens": r["tokens"], "tags": ["NN"] * len(r["tokens"])} for r in rows()], "same tag, 'NN'"),
        ([{"tokens": r["tokens"], "tags": [1] * len(r["tokens"])} for r in rows()], "are numbers"),
        ([{**r, "tags": ["PER" if i == 5 and t == "B-PER" else t for t in r["tags"]]} for i, r in enumerate(rows())], "'PER'"),
        ([{**r, "tags": [t.replace("PER", "per") if i % 2 else t for t in r["tags"]]} for i, r in enumerate(rows())], "case"),
        (rows(5), "Only 5 sentences"),
        (rows(1) * 20, "No two sentences are different"),
        ([{"text": "good day", "label": "glad"}] * 20, "No columns hold tagged sentences"),
        ([{"text": "ab", "entities": [{"start": 0, "end": 9, "label": "X"}]}] * 20, "None of the all rows .* from 0 to 9"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(data: Any, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        made(data)
    assert "\n" not in caught.value.cause
    assert caught.value.cure


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(DataError, match="'tokns'") as caught:
        made(rows(), text_column="tokns")
    assert "tokens" in caught.value.cure


def test_leaks_and_types_that_cannot_be_learned_are_said() -> None:
    said = made({"train": rows(), "test": [*rows(3), {"tokens": ["Mars"], "tags": ["B-STAR"]}]}).notices
    assert any("3 test sentences also stand in the training rows" in line for line in said)
    assert any("STAR: only in the test rows" in line for line in said)


def test_other_rows_are_aligned_to_a_run() -> None:
    meta = made(rows()).meta
    frame = registry.get("sources", "frame")
    again = align(frame.load([marked(row) for row in rows()]), meta)
    assert again.splits["all"] == align(frame.load(rows()), meta).splits["all"]
    with pytest.raises(DataError, match="'B-STAR'"):
        align(frame.load([{"tokens": ["Mars"], "tags": ["B-STAR"]}]), meta)


def test_chinese_rows_of_characters_are_known_as_such() -> None:
    data = [{"tokens": list(f"李明在北京{n}"), "tags": ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"] + ["O"] * len(str(n))} for n in range(20)]  # fmt: skip
    assert made(data).meta["division"] == "characters"
    assert made(rows()).meta["division"] == "words"
