"""What the built-in sets share: rows to a Dataset, and splits that are the same everywhere and for ever."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...core.contracts import Dataset
from ..reading.tables import table_of
from .split import text_key

#: Upper bounds of the splits' shares.
SHARES = {"train": 0.8, "validation": 0.9, "test": 1.0}
#: A text with more than this share of the rows would upset the shares of the splits.
MOST = 0.01
Row = dict[str, Any]


def split_of(text: str) -> str:
    """Return the split of a text, by the sha256 of what is left of it without case and spaces: equal texts stay together."""
    number = int.from_bytes(hashlib.sha256(text_key(text).encode()).digest()[:8], "big") / 2**64
    return next(name for name, bound in SHARES.items() if number < bound)


def by_text(rows: Iterable[Row], text_of: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Divide rows by `split_of` their text: about 80 / 10 / 10 %. A text of very many rows stays in training."""
    splits: dict[str, list[Row]] = {name: [] for name in SHARES}
    keyed = [(text_key(text_of(row)), row) for row in rows]
    counts = Counter(key for key, _ in keyed)
    for key, row in keyed:
        splits["train" if counts[key] > MOST * len(keyed) else split_of(key)].append(row)
    return splits


def in_order(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Divide rows by their place: the first 80 % train, then validation, then test."""
    start, splits = 0, {}
    for name, bound in SHARES.items():
        splits[name] = list(rows[start : int(len(rows) * bound)])
        start = int(len(rows) * bound)
    return splits


def dataset(
    name: str,
    splits: dict[str, list[Row]],
    *,
    task: str,
    origin: str,
    licence: str,
    dropped: dict[str, int] | None = None,
) -> Dataset:
    """Return rows with the same keys as a Dataset, with its account: read = rows + dropped."""
    tables = {
        split: table_of({column: [row[column] for row in rows] for column in rows[0]}, name, [])
        for split, rows in splits.items()
        if rows
    }
    data = Dataset(name, tables, origin, licence, task=task, dropped=dict(dropped or {}))
    data.read = sum(data.rows.values()) + sum(data.dropped.values())
    data.notices += [f"{count:,} rows left out: {reason}." for reason, count in data.dropped.items()]
    return data
