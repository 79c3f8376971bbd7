"""Decisions in tables: exactly the decided cells change, in the form and type that the column has."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.kit.labelling.rows import REMOVED, Applied, LabelRows
from fmtools.kit.labelling.shape import shape_of

TEXTS = [f"some text number {n}" for n in range(6)]


def data(rows: list[dict[str, Any]], **splits: list[dict[str, Any]]) -> Dataset:
    tables = {name: pa.Table.from_pylist(part) for name, part in {"train": rows, **splits}.items()}
    return Dataset("shop", tables, read=sum(table.num_rows for table in tables.values()))


def decided(dataset: Dataset, states: dict[int, Any], task: str | None = None) -> Applied:
    return LabelRows(dataset, shape_of(dataset, task, None, None, None)).apply(states)


def cells(applied: Applied, column: str, split: str = "train") -> list[Any]:
    found: list[Any] = applied.data.splits[split][column].to_pylist()
    return found


def labelled(*labels: Any) -> list[dict[str, Any]]:
    return [{"text": text, "label": label} for text, label in zip(TEXTS, labels, strict=False)]


def test_only_decided_rows_change_and_each_is_counted() -> None:
    before = data(labelled("a", "b", "a ", None, "b", "a"), test=labelled("a", "b"))
    states = {
        0: {"label": "b"},
        1: {"label": "b"},
        3: {"label": "a"},
        4: {"remove": True},
        5: {"skip": True},
        7: {"label": "a"},
    }
    after = decided(before, states)
    assert after.counts == {"decided": 5, "changed": 2, "labelled": 1, "confirmed": 1, "removed": 1}
    assert cells(after, "label") == ["b", "b", "a ", "a", "a"]
    assert cells(after, "label", "test") == ["a", "a"]
    assert after.data.dropped == {REMOVED: 1}
    assert after.data.read == 8 == sum(after.data.rows.values()) + sum(after.data.dropped.values())
    assert after.data.drops[0].line == 5
    assert after.places == {0: 0, 1: 1, 2: 2, 3: 3, 5: 4, 6: 5, 7: 6}


@pytest.mark.parametrize(
    ("labels", "label", "kind", "expected"),
    [
        ((0, 1, 0, 1, 0, 1), "1", pa.int64(), 1),
        ((0, 1, 0, 1, 0, 1), "other", pa.string(), "other"),
        ((0.0, 1.0, None, 1.0, 0.0, 1.0), "1", pa.float64(), 1.0),
        ((True, False, True, False, True, False), "false", pa.bool_(), False),
    ],
)
def test_a_column_keeps_its_type_while_labels_fit(
    labels: tuple[Any, ...], label: str, kind: Any, expected: Any
) -> None:
    after = decided(data(labelled(*labels)), {0: {"label": label}})
    assert after.data.splits["train"].schema.field("label").type == kind
    assert cells(after, "label")[0] == expected
    assert cells(after, "label")[1] == (str(labels[1]) if kind == pa.string() else labels[1])


def test_several_labels_stay_lists_or_stay_divided() -> None:
    lists = data([{"text": text, "labels": ["x"] * (n % 2)} for n, text in enumerate(TEXTS)])
    assert cells(decided(lists, {0: {"labels": ["x", "y"]}}), "labels")[:2] == [["x", "y"], ["x"]]
    texts = data([{"text": text, "label": ("x|y", "x")[n % 2]} for n, text in enumerate(TEXTS)])
    assert cells(decided(texts, {1: {"labels": ["y"]}}), "label")[:2] == ["x|y", "y"]


def test_bare_texts_get_a_column() -> None:
    after = decided(data([{"text": text} for text in TEXTS]), {2: {"label": "new"}})
    assert cells(after, "label") == [None, None, "new", None, None, None]


def test_tags_are_written_as_bio2_and_others_stay() -> None:
    rows = [{"tokens": ["Anna", "Berg", "left"], "tags": ["O", "O", "O"]}, {"tokens": ["Oslo"], "tags": ["B-LOC"]}]
    after = decided(data(rows), {0: {"spans": [[0, 1, "PER"]]}})
    assert cells(after, "tags") == [["B-PER", "I-PER", "O"], ["B-LOC"]]


def test_tags_of_another_scheme_become_bio2_together() -> None:
    rows = [{"tokens": ["Anna", "Berg"], "tags": ["PER", "PER"]}, {"tokens": ["in", "Oslo"], "tags": ["O", "LOC"]}]
    after = decided(data(rows), {1: {"spans": []}})
    assert cells(after, "tags") == [["B-PER", "I-PER"], ["O", "O"]]


def test_chinese_text_is_tagged_by_characters() -> None:
    dataset = data([{"text": "张三去了上海。"}, {"text": "你好"}])
    after = decided(dataset, {0: {"spans": [[0, 1, "PER"], [4, 5, "LOC"]]}}, "token-classification")
    assert cells(after, "tokens") == [list("张三去了上海。"), list("你好")]
    assert cells(after, "tags") == [["B-PER", "I-PER", "O", "O", "B-LOC", "I-LOC", "O"], None]


def test_spans_are_written_as_the_others_are() -> None:
    marked = [{"start": 3, "end": 7, "label": "LOC"}]
    as_json = data([{"text": "In Rome-Paris.", "entities": json.dumps(marked)}] * 2)
    rows = LabelRows(as_json, shape_of(as_json, None, None, None, None))
    assert rows.row(rows.raw(0)).pieces == [("", "In"), (" ", "Rome"), ("", "-Paris"), ("", ".")]
    after = rows.apply({1: {"spans": [[1, 2, "LOC"]]}})
    assert json.loads(cells(after, "entities")[1]) == [{"start": 3, "end": 13, "label": "LOC"}]
    assert cells(after, "entities")[0] == json.dumps(marked)


def test_not_every_row_can_go() -> None:
    with pytest.raises(DataError, match="Every row"):
        decided(data(labelled("a", "b")), {0: {"remove": True}, 1: {"remove": True}})
