"""Texts that are equal or nearly so: within a split, and between splits.

Equal is `text_key`: case and blanks aside. Similar is the Jaccard index of the sets of three-letter pieces, which serves
languages with and without blanks alike. MinHash (rensa) proposes pairs, the exact index decides: nothing is called
similar by chance, and a pair above the threshold is missed once in some hundreds at most.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ..rows.split import text_key

if TYPE_CHECKING:
    import numpy as np

#: Hash functions of a signature; the seed of all of them.
PERMUTATIONS, SEED = 128, 42
#: Texts are compared on so many characters, and one against so many earlier ones of its bucket.
COMPARED, RIVALS = 5_000, 16
#: Standard errors below the threshold at which a signature's estimate is not looked into; rivals that are, the likeliest first.
ERRORS, TRIED = 4.0, 8
#: Signatures made at once.
CHUNK = 2_000


def key_of(text: str) -> int:
    """Return 64 bits that stand for a text, case and blanks aside."""
    return int.from_bytes(hashlib.blake2b(text_key(text).encode("utf-8", "replace"), digest_size=8).digest(), "little")


@lru_cache(maxsize=4096)  # texts made from one template meet the same rivals again and again
def pieces(text: str) -> frozenset[str]:
    """Return a text's three-letter pieces, case and blanks aside; a shorter text is its own piece."""
    plain = text_key(text)[:COMPARED]
    return frozenset(plain[i : i + 3] for i in range(len(plain) - 2)) if len(plain) > 3 else frozenset({plain})


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the Jaccard index of two sets of pieces, 0 to 1."""
    both = len(a & b)
    return both / (len(a) + len(b) - both) if both else 0.0


class Near:
    """Finds, for one text after the other, an earlier one that is similar enough. `threshold` from 0.5 to 1.

    `signature` is uint32 [PERMUTATIONS], a row of what `signatures` returns.
    """

    def __init__(self, threshold: float) -> None:
        import numpy as np

        self._threshold = threshold
        self._rows = _rows_a_band(threshold)
        self._buckets: list[dict[bytes, list[int]]] = [{} for _ in range(PERMUTATIONS // self._rows)]
        self._texts: list[str] = []
        self._signatures = np.empty((1024, PERMUTATIONS), dtype="<u4")

    def add(self, text: str, signature: np.ndarray) -> int:
        """Remember a text; return its number."""
        import numpy as np

        number = len(self._texts)
        self._texts.append(text)
        if number == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[number] = signature
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            members = bucket.setdefault(key, [])
            if len(members) < RIVALS:
                members.append(number)
        return number

    def find(self, text: str, signature: np.ndarray) -> int | None:
        """Return the number of a remembered text that is at least this similar; None when there is none."""
        rivals: set[int] = set()
        for bucket, key in zip(self._buckets, self._keys(signature), strict=True):
            rivals.update(bucket.get(key, ()))
        likely = self._likely(sorted(rivals), signature) if rivals else []
        if not likely:
            return None
        own = pieces(text)
        return next((n for n in likely if likeness(own, pieces(self._texts[n])) >= self._threshold), None)

    def _likely(self, rivals: list[int], signature: np.ndarray) -> list[int]:
        """Return the likeliest rivals by how often signatures agree, which estimates the likeness."""
        import numpy as np

        agree = (self._signatures[rivals] == signature).mean(1)
        least = self._threshold - ERRORS * math.sqrt(self._threshold * (1 - self._threshold) / PERMUTATIONS)
        ranked = np.argsort(-agree, kind="stable")[:TRIED]
        return [rivals[n] for n in ranked if agree[n] >= least]

    def _keys(self, signature: np.ndarray) -> list[bytes]:
        raw, width = signature.tobytes(), 4 * self._rows
        return [raw[width * band : width * (band + 1)] for band in range(len(self._buckets))]


def _rows_a_band(threshold: float) -> int:
    """Return the longest band with which a pair at the threshold still meets 99.5 times in a hundred."""
    fits = [r for r in range(1, 33) if 1 - (1 - threshold**r) ** (PERMUTATIONS // r) >= 0.995]
    return max(fits, default=1)


def signatures(texts: Sequence[str]) -> np.ndarray:
    """Return the MinHash signatures of texts: uint32 [texts, PERMUTATIONS]."""
    import numpy as np
    from rensa import RMinHash

    found = np.empty((len(texts), PERMUTATIONS), dtype="<u4")
    for start in range(0, len(texts), CHUNK):
        sets = [sorted(pieces(text)) for text in texts[start : start + CHUNK]]
        found[start : start + len(sets)] = RMinHash.digests_from_token_sets(sets, PERMUTATIONS, SEED)
    return found


def groups(texts: Sequence[str], threshold: float) -> list[int | None]:
    """Return, for each text, the place of the first earlier text it repeats or resembles; None for one that stays.

    A text that resembles only texts that were themselves left out stays.
    """
    kept: list[int] = []
    first: dict[int, int] = {}
    near = Near(threshold) if threshold < 1 else None
    marks = signatures(texts) if near else None
    found: list[int | None] = []
    for place, text in enumerate(texts):
        rival = first.get(key := key_of(text))
        if rival is None and near is not None and marks is not None:
            number = near.find(text, marks[place])
            rival = kept[number] if number is not None else None
            if rival is None:
                near.add(text, marks[place])
                kept.append(place)
        if rival is None:
            first[key] = place
        found.append(rival)
    return found


def shared(texts: Sequence[str], others: Sequence[str], threshold: float | None) -> list[int | None]:
    """Return, for each of `texts`, the place of one of `others` that is equal, or similar enough; None where none is."""
    by_key = {key_of(text): place for place, text in reversed(list(enumerate(others)))}
    found: list[int | None] = [by_key.get(key_of(text)) for text in texts]
    if threshold is None or threshold >= 1:
        return found
    near = Near(threshold)
    for text, signature in zip(others, signatures(others), strict=True):
        near.add(text, signature)
    for place, (text, signature) in enumerate(zip(texts, signatures(texts), strict=True)):
        if found[place] is None:
            found[place] = near.find(text, signature)
    return found
