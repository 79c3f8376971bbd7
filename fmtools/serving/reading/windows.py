"""Windows over the words of a sentence that is longer than a model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: What sentencepiece, byte-level pairs and character tokenizers write for a blank that stands alone.
BLANKS = frozenset(("▁", "Ġ", " "))
#: The share of a window, on each side, that is context.
CONTEXT = 8


@dataclass(frozen=True)
class Window:
    """Words `first` to `last` (excluded) of a sentence stand in the window; `own` to `end` belong to it."""

    first: int
    last: int
    own: int
    end: int


def windows(sizes: Sequence[int], room: int) -> list[Window]:
    """Divide words of `sizes` pieces into windows of at most `room` pieces. No size may exceed room // 2."""
    if sum(sizes) <= room:
        return [Window(0, len(sizes), 0, len(sizes))]
    context, found, own = room // CONTEXT, [], 0
    while own < len(sizes):
        first, used = _grow(sizes, own, -1, context)
        end, taken = _grow(sizes, own, 1, room - used - context)
        end = max(end, own + 1)
        last, _ = _grow(sizes, end, 1, room - used - max(taken, sizes[own]))
        found.append(Window(first, last, own, end))
        own = end
    return found


def _grow(sizes: Sequence[int], place: int, step: int, room: int) -> tuple[int, int]:
    """Go over words from `place`, forth or back, while they fit; return (where it ends, pieces taken)."""
    used = 0
    while 0 <= (at := place if step > 0 else place - 1) < len(sizes) and used + sizes[at] <= room:
        used += sizes[at]
        place += step
    return place, used
