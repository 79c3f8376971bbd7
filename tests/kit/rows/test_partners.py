"""From tables to pairs, triplets and scored pairs; what is wrong is one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from fmtools.core import registry
from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.core.options import TrainOptions
from fmtools.kit.rows import partners
from fmtools.kit.rows.split import text_key


def data(rows: Any) -> Dataset:
    found: Dataset = registry.get("sources", "frame").load(rows)
    return found


def options(**given: Any) -> TrainOptions:
    return TrainOptions(task="sentence-similarity", data="x", **given)


def pairs(count: int = 40) -> list[dict[str, Any]]:
    return [{"id": i, "question": f"how to do thing {i}?", "answer": f"do thing {i} like this"} for i in range(count)]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (pairs(), "pairs"),
        ([{"anchor": f"a{i}", "positive": f"p{i}", "negative": f"n{i}"} for i in range(40)], "triplets"),
        ([{"sentence1": f"a{i}", "sentence2": f"b{i}", "score": i / 40} for i in range(40)], "scored"),
        ([{"text1": f"a{i}", "text2": f"b{i}", "label": i % 2} for i in range(40)], "labelled"),
        ([{"句子1": f"甲{i}", "句子2": f"乙{i}", "相似度": i} for i in range(40)], "scored"),
    ],
)
def test_the_kind_is_told_by_the_columns(rows: Any, kind: str) -> None:
    prepared = partners.prepare(data(rows), options())
    assert prepared.meta["kind"] == kind
    assert {t.column_names[0] for t in prepared.splits.values()} == {"anchor"}
    assert sum(t.num_rows for t in prepared.splits.values()) == 40
    assert partners.align(data(rows), prepared.meta).splits["all"].num_rows == 40


def test_no_text_and_no_id_stands_on_both_sides() -> None:
    rows = pairs(60) + [
        {"id": i, "question": f"thing {i}, how?", "answer": f"do thing {i} like this"} for i in range(30)
    ]
    splits = partners.prepare(data(rows), options(validation=0.3)).splits
    seen = [{text_key(v) for name in ("anchor", "positive") for v in splits[s][name].to_pylist()} for s in splits]
    assert len(seen) == 2
    assert not seen[0] & seen[1]


def test_named_columns_win_and_gaps_are_counted() -> None:
    rows = [{"a": f"one {i}", "b": f"two {i}", "c": "x"} for i in range(20)] + [{"a": "", "b": "lonely", "c": "x"}]
    prepared = partners.prepare(data(rows), options(text_column="b", pair_column="a"))
    assert prepared.splits["train"]["anchor"][0].as_py().startswith("two")
    assert any("1 rows lack" in said for said in prepared.notices)


@pytest.mark.parametrize(
    ("rows", "given", "sentence"),
    [
        ([{"text": "a"}] * 9, {}, "Two texts a row are needed"),
        (pairs(), {"text_column": "qustion"}, "There is no column 'qustion'"),
        ([{"anchor": "a", "positive": "b"}] * 9, {}, "share one text"),
        (pairs(3), {}, "Only 3 rows"),
        ([{**row, "score": 1} for row in pairs()], {}, "the same 'score'"),
        ([{**row, "how": "very"} for row in pairs()], {"label_column": "how"}, "'very', which is no number"),
    ],
)
def test_mistakes_are_one_sentence(rows: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        partners.prepare(data(rows), options(**given))
    assert sentence in caught.value.cause
    assert "\n" not in str(caught.value)
