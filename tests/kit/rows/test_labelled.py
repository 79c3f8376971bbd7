"""From rows as they came to texts with label numbers: every row accounted for, labels in one order everywhere."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.core.options import TrainOptions
from fmtools.kit.rows import labelled
from support import rows

OPTIONS = TrainOptions(data="x")


def data(**splits: list[dict[str, object]]) -> Dataset:
    return Dataset("d", {name: pa.Table.from_pylist(part) for name, part in splits.items()})


def pairs(table: pa.Table, labels: list[str]) -> list[tuple[str, str]]:
    return [(row["text"], labels[row["label"]]) for row in table.to_pylist()]


def test_rows_and_labels_survive_the_way_to_numbers() -> None:
    given = rows(60)
    prepared = labelled.prepare(data(all=given), OPTIONS)
    assert prepared.meta["labels"] == ["angry", "asking", "glad"]
    got = [pair for table in prepared.splits.values() for pair in pairs(table, prepared.meta["labels"])]
    assert sorted(got) == sorted((row["text"], row["label"]) for row in given)
    assert prepared.splits["train"].schema == pa.schema([("text", pa.string()), ("label", pa.int32())])


def test_splits_that_are_there_are_kept() -> None:
    prepared = labelled.prepare(data(train=rows(30), validation=rows(9, 1), test=rows(12, 2)), OPTIONS)
    assert {name: table.num_rows for name, table in prepared.splits.items()} == {
        "train": 30,
        "validation": 9,
        "test": 12,
    }


def test_texts_that_leak_are_said() -> None:
    prepared = labelled.prepare(data(train=rows(30), test=rows(30)[:6], validation=rows(9, 1)), OPTIONS)
    assert any(said.startswith("6 test texts also stand in the training rows") for said in prepared.notices)


def test_a_label_only_the_test_rows_have_is_refused() -> None:
    with pytest.raises(DataError, match="'furious' in the test rows") as caught:
        labelled.prepare(data(train=rows(30), test=[{"text": "x", "label": "furious"}]), OPTIONS)
    assert caught.value.cure


@pytest.mark.parametrize("count", [1, 2])
def test_rows_left_out_are_said_once_each(count: int) -> None:
    blank = [{"text": " ", "label": "glad"}] * count
    unlabelled = [{"text": f"what {i}", "label": None} for i in range(count)]
    prepared = labelled.prepare(data(train=[*rows(30), *blank, *unlabelled], validation=rows(9, 1)), OPTIONS)
    said = " ".join(prepared.notices)
    assert said.count("without text") == 1
    assert said.count("no label") + said.count("without label") == 1
    assert (f"{count} train rows without text were" if count > 1 else "1 train row without text was") in said
    assert prepared.splits["train"].num_rows == 30


def test_other_data_get_the_same_numbers() -> None:
    meta = labelled.prepare(data(all=rows(60)), OPTIONS).meta
    other = [{"body": row["text"], "text": row["text"], "label": row["label"]} for row in reversed(rows(9))]
    aligned = labelled.align(data(all=other), meta)
    assert pairs(aligned.splits["all"], meta["labels"]) == [(row["text"], row["label"]) for row in other]


def test_a_split_without_a_column_is_named() -> None:
    with pytest.raises(DataError, match="The test rows have no column 'label'"):
        labelled.prepare(data(train=rows(30), test=[{"text": "x", "lable": "glad"}]), OPTIONS)


def test_preparing_needs_no_pandas() -> None:
    code = """
import sys
from fmtools.core import registry
from fmtools.core.options import TrainOptions
from fmtools.kit.rows import labelled
data = registry.get("sources", "frame").load([{"text": f"{m} {i}", "label": m} for i in range(20) for m in ("good", "bad")])
labelled.prepare(data, TrainOptions(data="x"))
assert not {"pandas", "torch", "sklearn"} & set(sys.modules), {"pandas", "torch", "sklearn"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
