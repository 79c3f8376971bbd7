"""Python lists to Arrow arrays without pandas.

`pyarrow.array` imports pandas, when it is installed, to see whether its argument comes from there: 0.2 s that a kernel
waits before its first small table. Texts and whole numbers, which is what data for training are made of, are therefore
laid out here.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

#: Arrow's string arrays have 32-bit offsets.
MAX_TEXT = (1 << 31) - 1
MAX_INT = 1 << 63


def array_of(values: list[Any]) -> pa.Array:
    """Return an Arrow array of a list; its type follows from the values, None is null.

    Raises pyarrow's ArrowInvalid or ArrowTypeError for values of mixed kinds, UnicodeEncodeError for lone surrogates.
    """
    import pyarrow as pa

    kinds = set(map(type, values)) - {type(None)}
    if kinds == {str}:
        parts = [value.encode() if value is not None else b"" for value in values]
        if sum(map(len, parts)) <= MAX_TEXT:
            return _texts(values, parts)
    if kinds == {int} and all(value is None or -MAX_INT <= value < MAX_INT for value in values):
        return int_array(values)
    return pa.array(values)


def int_array(values: list[Any]) -> pa.Array:
    """Return an int64 array of whole numbers and None."""
    import pyarrow as pa

    data = array("q", [value or 0 for value in values])
    return pa.Array.from_buffers(pa.int64(), len(values), [_validity(values), pa.py_buffer(data)])


def _texts(values: list[Any], parts: list[bytes]) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    offsets = np.zeros(len(parts) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int32, count=len(parts)), out=offsets[1:])
    buffers = [_validity(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _validity(values: list[Any]) -> pa.Buffer | None:
    """Return the bitmap of values that are not None; None when all are there."""
    if None not in values:
        return None
    import numpy as np
    import pyarrow as pa

    there = np.fromiter((value is not None for value in values), dtype=bool, count=len(values))
    return pa.py_buffer(np.packbits(there, bitorder="little"))
