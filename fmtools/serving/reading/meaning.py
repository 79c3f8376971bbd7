"""Which of 16 parts of the space of meanings a text's vector lies in: four bits, which cannot be turned back into it.

Random hyperplanes divide the space (M. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002). They
pass through the middle of the reference's vectors, else all texts of a model would lie on one side: vectors of sentences have
much in common. A text counts once, so that the tests of kit.drift.counts for independent draws hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

#: Hyperplanes; a text is in one of 2 ** PLANES parts.
PLANES = 4


@lru_cache(maxsize=8)
def directions(width: int) -> np.ndarray:
    """Return the planes' normals [PLANES, width], of length 1: signs out of a hash, the same on every machine."""
    size = PLANES * width
    digest = hashlib.shake_256(b"fmtools meaning 1").digest((size + 7) // 8)
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))[:size]
    found: np.ndarray = (2.0 * bits.reshape(PLANES, width) - 1.0) / np.sqrt(width)
    return found


def projected(vectors: np.ndarray) -> np.ndarray:
    """Return how far vectors [n, width] lie along the normals, [n, PLANES]."""
    found: np.ndarray = np.asarray(vectors, np.float64) @ directions(np.shape(vectors)[1]).T
    return found


def centre(vectors: np.ndarray) -> list[float]:
    """Return the medians of vectors [n, width] along the normals: half of them lie on each side of every plane."""
    return [round(float(value), 6) for value in np.median(projected(vectors), 0)]


def part(vector: Sequence[float], middle: Sequence[float]) -> int:
    """Return the part that a vector [width] lies in, from 0 to 15. `middle`: see `centre`."""
    sides = projected(np.asarray([vector]))[0] > np.asarray(middle)
    return int((sides * 2 ** np.arange(PLANES)).sum())


def middle_of(training: object) -> tuple[float, ...]:
    """Return the centre that a model's card names; () when it names none, or what is none."""
    found = training.get("centre") if isinstance(training, dict) else None
    if isinstance(found, list) and len(found) == PLANES and all(isinstance(value, int | float) for value in found):
        return tuple(float(value) for value in found)
    return ()
