"""What scoring a row takes, from some of the rows: scoring sorts them by length, so neighbours in length are timed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..machine.usage import Clock
from .model import AT_ONCE

#: Where in the order of lengths blocks of rows are taken: the middles of its thirds.
PLACES = (1 / 6, 1 / 2, 5 / 6)
#: (seconds that a few rows took, rows of a block then): writers of text are slow.
FEW = 4
BLOCKS = ((0.5, AT_ONCE), (2.0, 16), (float("inf"), FEW))


def rows_scored(score: Callable[[Any], None], rows: Any) -> tuple[list[float], list[float]]:
    """Return (once, a row), each as [seconds on the clock, of processor]: what scoring takes whatever the rows, and a row's mean."""
    if rows.num_rows <= 3 * AT_ONCE:
        return [0.0, 0.0], [each / max(1, rows.num_rows) for each in _timed(score, rows)]
    sizes = _sizes(rows)
    order = np.argsort(sizes, kind="stable")
    warm = _timed(score, rows.take(order[len(order) // 2 :][:FEW].tolist()))[0]
    block = next(size for limit, size in BLOCKS if warm < limit)
    blocks = _blocks(order, sizes, block)
    one = np.asarray(_timed(score, rows.take(blocks[1].tolist())))
    three = np.asarray(_timed(score, rows.take(np.concatenate(blocks).tolist())))
    once = np.clip((3 * one - three) / 2, 0.0, np.minimum(one, three))  # of three, one is of middling length
    return once.tolist(), ((three - once) / (3 * block)).tolist()


def _blocks(order: np.ndarray, sizes: list[int], size: int) -> list[np.ndarray]:
    """Return three blocks of `size` neighbours in the order of lengths. The last is of rows so long that the three hold what
    rows hold in the mean: a few very long ones, as texts have them, take a good part of the time."""
    ordered = np.asarray(sizes, float)[order]
    means = np.convolve(ordered, np.full(size, 1 / size), "valid")  # of the block that begins at each place
    firsts = [max(0, min(len(means) - 1, round(place * len(order)) - size // 2)) for place in PLACES]
    wanted = 3 * ordered.mean() - means[firsts[0]] - means[firsts[1]]
    firsts[2] = max(firsts[2], min(int(np.searchsorted(means, wanted)), len(means) - 1))
    return [order[first : first + size] for first in firsts]


def _timed(score: Callable[[Any], None], rows: Any) -> list[float]:
    clock = Clock()
    score(rows)
    return clock.since()


def _sizes(rows: Any) -> list[int]:
    """Return how large each row is: the characters of its texts, the parts of its lists."""
    texts = [column.to_pylist() for column in rows.columns]
    return [sum(len(v) for v in row if isinstance(v, str | list)) for row in zip(*texts, strict=True)]
