from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fmtools.core.errors import DataError
from fmtools.kit.reading import hub_tables
from fmtools.plugins.sources.frame import FrameSource

ROWS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]
COLUMNS = {"text": ["a", "b"], "label": ["x", "y"]}
#: How polars hands over a categorical column.
VIEWS = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.uint32()), pa.array(["x", "y"], pa.string_view()))


class Capsule:
    """What polars 1.x and others look like: only the Arrow stream interface."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS, index=[7, 7]),
        pd.DataFrame({"text": ["a", "b"], "label": pd.Categorical(["x", "y"])}),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        pa.table({"text": pa.array(["a", "b"], pa.string_view()), "label": ["x", "y"]}),
        Capsule(pa.table(COLUMNS)),
        Capsule(pa.table({"text": ["a", "b"], "label": VIEWS})),
        datasets.Dataset.from_dict(COLUMNS),
        datasets.Dataset.from_dict({"text": ["b", "q", "a"], "label": ["y", "q", "x"]}).select([2, 0]),
        ROWS,
        [("a", "x"), ("b", "y")],
        COLUMNS,
    ],
    ids=lambda value: type(value).__name__,
)
def test_tables_of_every_kind(value: Any) -> None:
    source = FrameSource()
    assert source.accepts(value)
    data = source.load(value)
    assert data.splits["all"].to_pylist() == ROWS
    assert data.splits["all"].schema == pa.schema({"text": pa.string(), "label": pa.string()})
    assert data.read == 2
    assert type(value).__name__ in data.origin


def test_dataset_dict_and_class_names() -> None:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    part = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    data = FrameSource().load(datasets.DatasetDict({"test": part, "train": part, "dev": part}))
    assert list(data.rows) == ["train", "validation", "test"]
    assert data.splits["train"]["label"].to_pylist() == ["pos", "neg"]
    assert "Column 'label': class names instead of numbers." in data.notices
    assert data.read == 6


def test_dict_of_frames() -> None:
    data = FrameSource().load({"train": pd.DataFrame(COLUMNS), "test": ROWS})
    assert data.rows == {"train": 2, "test": 2}


def test_nan_is_null_and_mixed_kinds_are_text() -> None:
    frame = pd.DataFrame({"text": ["a", None, float("nan")], "mixed": [1, "two", None], 3: [1.0, None, 2.0]})
    data = FrameSource().load(frame)
    assert data.splits["all"].to_pydict() == {
        "text": ["a", None, None],
        "mixed": ["1", "two", None],
        "3": [1.0, None, 2.0],
    }
    assert data.notices == ["frame: column 'mixed' mixes kinds of values: read as text."]


def test_split_column_of_a_frame() -> None:
    frame = pd.DataFrame({**COLUMNS, "split": ["train", "test"]})
    assert FrameSource().load(frame).rows == {"train": 1, "test": 1}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.DataFrame(), "no rows"),
        (pd.DataFrame(COLUMNS).iloc[:0], "no rows"),
        (pa.table({"text": pa.array([], pa.string())}), "no rows"),
        ({"train": pa.table({"text": pa.array([], pa.string())})}, "no rows"),
        ([{"text": "\ud800"}], "broken Unicode"),
        (pd.DataFrame({"text": pd.Series(["\ud800"], dtype=object)}), "broken Unicode|cannot be turned"),
        ({"text": ["a"], "label": []}, "differ in length: 'text' 1, 'label' 0"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "same name"),
        (pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), "stands twice"),
    ],
)
def test_useless_tables_are_refused(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        FrameSource().load(value)


def test_streams_are_taken_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = datasets.Dataset.from_dict(COLUMNS).to_iterable_dataset()
    assert FrameSource().load(stream).splits["all"].to_pylist() == ROWS
    monkeypatch.setattr(hub_tables, "STREAM_ROWS", 1)
    data = FrameSource().load(stream)
    assert data.splits["all"].to_pylist() == ROWS[:1]
    assert "its first 1 rows were taken" in data.notices[0]


def test_lists_survive_and_class_numbers_in_lists_become_names() -> None:
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(datasets.ClassLabel(names=["O", "B-PER"])),
        }
    )
    rows = {"tokens": [["Ann", "runs"], []], "ner_tags": [[1, 0], []]}
    data = FrameSource().load(datasets.Dataset.from_dict(rows, features=features)).splits["all"]
    assert data.to_pydict() == {**rows, "ner_tags": [["B-PER", "O"], []]}
    for frame in (pd.DataFrame(rows), pl.DataFrame(rows), pl.LazyFrame(rows), rows, pa.table(rows)):
        assert FrameSource().load(frame).splits["all"].to_pydict() == rows


def test_columns_may_be_arrays_and_chats_get_messages() -> None:
    columns = {"text": pd.Series(["a", "b"]), "label": np.array([1, 0])}
    assert FrameSource().load(columns).splits["all"].to_pydict() == {"text": ["a", "b"], "label": [1, 0]}
    data = FrameSource().load([{"instruction": "Say hi", "input": "", "output": "hi"}])
    assert data.task == "text-generation"
    turns = [{"role": "user", "content": "Say hi"}, {"role": "assistant", "content": "hi"}]
    assert data.splits["all"]["messages"].to_pylist() == [turns]


@pytest.mark.parametrize("value", [None, 3, "text", [], {}, [1, 2], {"a": 1}, object(), pd.Series([1])])
def test_what_is_no_table_is_not_accepted(value: Any) -> None:
    assert not FrameSource().accepts(value)
