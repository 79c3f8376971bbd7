from __future__ import annotations

import json

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.kit.recipes.diff import compare
from fmtools.kit.recipes.recipe import run


def shop(**columns: list[object]) -> Dataset:
    return Dataset("shop", {"all": pa.table(columns)})


OLD = {
    "text": ["one lamp", "<b>two</b> chairs", "three  desks", "four cups", "four cups"],
    "label": ["a", "b", "a", "b", "b"],
}


def test_rows_are_matched_by_content_then_by_their_letters() -> None:
    new = {
        "text": ["one lamp", "two chairs", "three desks", "four cups", "five sofas"],
        "label": ["a", "b", "b", "b", "a"],
    }
    found = compare(shop(**OLD), shop(**new))
    assert json.loads(json.dumps(found)) == found
    assert [found[what] for what in ("same", "moved", "changed", "added", "removed")] == [2, 0, 2, 1, 1]
    assert found["examples"]["changed"][1]["columns"] == {"text": ["three  desks", "three desks"], "label": ["a", "b"]}
    assert found["examples"]["added"][0]["text"] == "five sofas"
    assert found["labels"] == [{"label": "a", "old": 2, "new": 2}, {"label": "b", "old": 3, "new": 3}]


def test_a_key_names_rows_whose_text_is_another() -> None:
    old = shop(id=[1, 2, 3], text=["aa", "bb", "cc"])
    new = shop(id=[3, 2, 4], text=["cc", "zz", "dd"], more=["x", "y", "z"])
    found = compare(old, new)
    assert (found["key"], found["changed"], found["added"], found["removed"]) == ("id", 1, 1, 1)
    assert found["columns"] == {"added": ["more"], "removed": []}
    with pytest.raises(DataError, match="Did you mean 'text'"):
        compare(old, new, "txt")


def test_every_row_is_counted_once() -> None:
    old = shop(**OLD)
    new, _, _ = run(old, ["strip-markup", "normalize", "drop-duplicates", "split test=0.3"])
    found = compare(old, new)
    assert found["same"] + found["moved"] + found["changed"] + found["removed"] == 5
    assert found["same"] + found["moved"] + found["changed"] + found["added"] == sum(new.rows.values())
    assert found["added"] == 0


def test_nothing_in_common_is_said() -> None:
    with pytest.raises(DataError, match="no column in common"):
        compare(shop(a=["x"]), shop(b=["x"]))
