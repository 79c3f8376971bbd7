"""safetensors files by their header alone: bounded, well-formed, and every offset inside the file."""

from __future__ import annotations

import json
import math
from typing import Any

from .pickles import kind_of
from .tree import Fault, File

#: The longest header that is read, in bytes; 160,000 tensors fit. The format's own limit is 100 MB.
HEADER = 16 << 20
#: Bits of one number.
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
    "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
COPY = "Copy it there again."
Shapes = dict[str, list[int]]


def shapes_of(file: File) -> Shapes:
    """Return the shape of every tensor of a safetensors file. Raises Fault when its header is not to be trusted."""
    try:
        header, room = _header(file)
        shapes, spans = {}, []
        for name, entry in header.items():
            if name != "__metadata__":
                shapes[name] = entry["shape"]
                spans.append(_span(name, entry))
        _check_order(spans, room)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _fault(file, error) from None
    return shapes


class _Wrong(ValueError):
    """What is wrong with a header, as a user reads it."""


def _fault(file: File, error: Exception) -> Fault:
    kind = kind_of(file.path)
    if kind:
        return Fault(file.name, f"is not what its name says: it is {kind}")
    why = str(error) if isinstance(error, _Wrong) else "it does not begin as such files do"
    return Fault(file.name, f"is damaged, {why}", COPY)


def _header(file: File) -> tuple[dict[str, Any], int]:
    """Return the header and how many bytes of data follow it."""
    with file.path.open("rb") as source:
        length = int.from_bytes(source.read(8), "little")
        if length > HEADER:
            raise _Wrong(f"its header claims {length:,} bytes (at most {HEADER:,} are read)")
        if length > file.size - 8:
            raise _Wrong(f"it has {file.size:,} bytes, and its header alone claims {length:,}")
        data = source.read(length)
    if not data.startswith(b"{"):
        raise _Wrong("it does not begin as such files do")
    header = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    about = header.get("__metadata__", {})
    if not all(isinstance(value, str) for value in about.values()):
        raise _Wrong("its notes are no texts")
    return header, file.size - 8 - length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Wrong("its header names a tensor twice")
    return found


def _span(name: str, entry: dict[str, Any]) -> tuple[int, int, str]:
    """Return (begin, end, name) of a tensor whose size fits its shape."""
    shape, (begin, end), dtype = entry["shape"], entry["data_offsets"], entry["dtype"]
    if dtype not in BITS or len(entry) != 3:
        raise _Wrong(f"the tensor {name[:80]!r} is of no known kind")
    numbers = [*shape, begin, end]
    if not all(type(number) is int and 0 <= number < 1 << 63 for number in numbers):
        raise _Wrong(f"the tensor {name[:80]!r} has an impossible shape or place")
    if (end - begin) * 8 != math.prod(shape) * BITS[dtype]:
        raise _Wrong(f"the tensor {name[:80]!r} has {end - begin:,} bytes, which its shape does not need")
    return begin, end, name


def _check_order(spans: list[tuple[int, int, str]], room: int) -> None:
    """Tensors follow each other without gap and overlap, to the file's last byte."""
    at = 0
    for begin, end, name in sorted(spans):
        if begin != at:
            raise _Wrong(f"the tensor {name[:80]!r} {'overlaps another' if begin < at else 'leaves a gap'}")
        at = end
    if at != room:
        raise _Wrong(f"it has {room:,} bytes of weights instead of {at:,}")
