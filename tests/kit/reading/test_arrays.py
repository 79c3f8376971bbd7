from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.kit.reading.arrays import array_of, int_array

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])))
INTS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1))
OTHERS = st.lists(st.none() | st.booleans()) | st.lists(st.floats(allow_nan=False)) | st.lists(st.lists(st.text("ab")))


@given(TEXTS | INTS | OTHERS)
def test_the_array_is_what_pyarrow_makes(values: list[Any]) -> None:
    found = array_of(values)
    found.validate(full=True)
    assert found.equals(pa.array(values))


@given(INTS)
def test_whole_numbers(values: list[int | None]) -> None:
    found = int_array(values)
    found.validate(full=True)
    assert found.type == pa.int64()
    assert found.to_pylist() == values


def test_kinds_are_not_mixed_in_silence() -> None:
    for values in ([1, "a"], ["a", 1.5], [True, "a"], [[1], "a"]):
        with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
            array_of(values)
    with pytest.raises(UnicodeEncodeError):
        array_of(["\ud800"])
