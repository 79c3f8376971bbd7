"""One curve of a run: three flat arrays, so that a million points cost 24 MB and an increment is a slice."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence


class Curve:
    """Points in order of `seq`; NaN and infinities are values like any other."""

    __slots__ = ("seqs", "steps", "values")

    def __init__(self) -> None:
        self.seqs, self.steps, self.values = array("q"), array("q"), array("d")

    def __len__(self) -> int:
        return len(self.seqs)

    def append(self, seq: int, step: int, value: float) -> None:
        """Add a point. Raises OverflowError for a step no 64-bit integer holds."""
        self.steps.append(step)
        self.seqs.append(seq)
        self.values.append(value)

    def after(self, since: int) -> int:
        """Return the index of the first point with seq > `since`."""
        return bisect_right(self.seqs, since) if since else 0

    def cut(self, step: int, seq: int) -> None:
        """Drop the points that lie after `step`, or at or after `seq`."""
        keep = [i for i, (s, q) in enumerate(zip(self.steps, self.seqs, strict=True)) if s <= step and q < seq]
        if len(keep) == len(self):
            return
        self.seqs = array("q", [self.seqs[i] for i in keep])
        self.steps = array("q", [self.steps[i] for i in keep])
        self.values = array("d", [self.values[i] for i in keep])


def thin(values: Sequence[float], limit: int) -> list[int]:
    """Return the indices of at most `limit` of `values` (and at least 2) that keep the curve's look.

    The first and the last stay, so do NaN and infinities as far as there is room, and of each bucket of the rest its
    lowest and its highest: a spike survives.
    """
    count, limit = len(values), max(2, limit)
    if count <= limit:
        return list(range(count))
    must = {0, count - 1}
    odd = [i for i in range(1, count - 1) if not math.isfinite(values[i])]
    must.update(_spread(odd, limit - 2))
    rest = [i for i in range(1, count - 1) if math.isfinite(values[i])]
    return sorted(must | _extremes(values, rest, (limit - len(must)) // 2))


def _spread(items: list[int], room: int) -> list[int]:
    if len(items) <= room:
        return items
    return [items[i * len(items) // room] for i in range(room)]


def _extremes(values: Sequence[float], indices: list[int], buckets: int) -> set[int]:
    kept: set[int] = set()
    for b in range(min(buckets, len(indices))):
        bucket = indices[b * len(indices) // buckets : (b + 1) * len(indices) // buckets]
        if bucket:
            kept.add(min(bucket, key=values.__getitem__))
            kept.add(max(bucket, key=values.__getitem__))
    return kept
