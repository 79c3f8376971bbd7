from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Drop
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.tables import by_split_column, slug, table_of


@given(st.text())
def test_slugs_are_fit_for_folders(name: str) -> None:
    found = slug(name)
    assert 0 < len(found) <= 60
    assert not set(found) & set("/\\\0: \n")
    assert found not in (".", "..")


@settings(deadline=None)  # the first example imports Arrow
@given(st.lists(st.sampled_from(["train", "Train ", "dev", "val", "test", "TEST", "fold-1", None])))
def test_split_columns_keep_every_row(values: list[str | None]) -> None:
    table = pa.table({"row": pa.array(range(len(values)), pa.int64()), "split": pa.array(values, pa.string())})
    splits, notices = by_split_column(table)
    assert sorted(row for part in splits.values() for row in part["row"].to_pylist()) == list(range(len(values)))
    assert set(splits) <= {"train", "validation", "test"} or list(splits) == ["all"]
    if list(splits) != ["all"]:
        assert notices
        for name, part in splits.items():
            assert {str(values[row]).strip().lower() for row in part["row"].to_pylist()} <= {name, "dev", "val"}


def test_some_broken_rows_pass_and_most_do_not() -> None:
    broken = Broken("x.csv")
    for line in range(10):
        broken.add("bad rows", line + 2)
    broken.check("x.csv", 20)
    assert broken.notices("x.csv") == ["x.csv: 10 bad rows dropped (line 2, 3, 4, 5, 6 ...)."]
    assert broken.drops[9] == Drop("bad rows", "x.csv", 11)
    with pytest.raises(DataError, match=r"x\.csv:2: 10 of 19 rows are broken"):
        broken.check("x.csv", 19)
    Broken().check("x.csv", 1)


def test_stop_names_the_first_broken_row() -> None:
    with pytest.raises(DataError, match=r"x\.csv:7: the first of the bad rows") as caught:
        Broken("x.csv", stop=True).add("bad rows", 7)
    assert "--on-error" in caught.value.cure


def test_mixed_values_become_text() -> None:
    notices: list[str] = []
    table = table_of({"a": [1, "b", {"c": [2]}, None, "é"]}, "x", notices)
    assert table["a"].to_pylist() == ["1", "b", '{"c": [2]}', None, "é"]
    assert notices == ["x: column 'a' mixes kinds of values: read as text."]
