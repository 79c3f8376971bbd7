"""Dividing rows into training and validation: by class, repeatable, and never the same text on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def text_key(text: Any) -> str:
    """Return what makes two texts the same row to a reader: case and spaces aside."""
    return " ".join(str(text).casefold().split())


def stratified_split(
    texts: Sequence[Any], labels: Sequence[Any], share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return (training rows, held-out rows, notices): sorted int64 indices that together cover every row once.

    About `share` (0 to 1) of each class is held out. Equal texts (see `text_key`) stay on one side, also under two
    labels. A class with a single distinct text stays in training. The same arguments give the same split.
    """
    import numpy as np

    groups = _groups(texts, labels)
    random = np.random.default_rng(seed)
    held: list[int] = []
    lonely = []
    for label in sorted(groups):
        members = groups[label]
        if len(members) < 2:
            lonely.append(label)
            continue
        held += _draw(members, share, random)
    held_out = np.array(sorted(held), dtype=np.int64)
    training = np.setdiff1d(np.arange(len(texts), dtype=np.int64), held_out)
    return training, held_out, _said(lonely)


def _groups(texts: Sequence[Any], labels: Sequence[Any]) -> dict[str, list[list[int]]]:
    """Return, for each label, its groups of rows with equal texts; a text under two labels belongs to its first."""
    by_text: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        by_text.setdefault(text_key(text), []).append(index)
    groups: dict[str, list[list[int]]] = {}
    for rows in by_text.values():
        groups.setdefault(str(labels[rows[0]]), []).append(rows)
    return groups


def divide(
    keys: Sequence[Sequence[Any]], strata: Sequence[str], shares: dict[str, float], seed: int
) -> tuple[list[str], list[str]]:
    """Return (the split of each row, notices): rows that share any key of theirs stay on one side.

    `keys`: for each row, what ties it to others (its text, its group ...); None ties to nothing. `strata`: what keeps its
    share on every side, "" for all alike. `shares`: {"test": 0.1, ...} of the rows; what is left is "train". A stratum
    with fewer tied groups than sides gives its rows to training first. The same arguments give the same split.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    by_stratum: dict[str, list[list[int]]] = {}
    for rows in _tied(keys):
        by_stratum.setdefault(strata[rows[0]], []).append(rows)
    found, lonely = ["train"] * len(keys), []
    for stratum in sorted(by_stratum):
        members = by_stratum[stratum]
        total = sum(map(len, members))
        if len(members) < 2:
            lonely.append(stratum)
        for name, share in shares.items():
            if not share or len(members) < 2:
                continue
            drawn = set(_draw(members, share * total / sum(map(len, members)), random))
            for row in drawn:
                found[row] = name
            members = [rows for rows in members if rows[0] not in drawn]
    return found, _said([name for name in lonely if name])


def _tied(keys: Sequence[Sequence[Any]]) -> list[list[int]]:
    """Return groups of rows that are tied by any of their keys, directly or through others, in order of first rows."""
    parent = list(range(len(keys)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[Any, int] = {}
    for row, own in enumerate(keys):
        for key in own:
            if key is not None:
                a, b = root(first.setdefault(key, row)), root(row)
                parent[max(a, b)] = min(a, b)
    tied: dict[int, list[int]] = {}
    for row in range(len(keys)):
        tied.setdefault(root(row), []).append(row)
    return list(tied.values())


def _draw(members: list[list[int]], share: float, random: np.random.Generator) -> list[int]:
    """Draw whole groups until the share of this class's rows is reached as closely as they allow; some always stay."""
    target = max(1.0, share * sum(map(len, members)))
    order = [members[int(place)] for place in random.permutation(len(members))]
    drawn: list[int] = []
    for rows in order:
        if len(drawn) + len(rows) / 2 <= target:
            drawn += rows
    return drawn or min(order, key=len)


def _said(lonely: list[str]) -> list[str]:
    if not lonely:
        return []
    names = ", ".join(map(repr, lonely[:5])) + (" ..." if len(lonely) > 5 else "")
    return [f"{len(lonely)} classes have a single distinct text, which stays in training: {names}."]
