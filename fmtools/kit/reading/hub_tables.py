"""Objects of the library `datasets` as Arrow tables; nothing here imports it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from .gather import Gatherer, gathered
from .tables import Rows, plain

if TYPE_CHECKING:
    import pyarrow as pa

#: So many rows are taken of a stream, which may have no end.
STREAM_ROWS = 1_000_000


def rows_of(data: Any) -> Rows:
    """Return a Dataset's or an IterableDataset's rows, class numbers as class names."""
    if hasattr(data, "num_rows"):
        notices: list[str] = []
        table = named_classes(plain(data.with_format("arrow")[:]), data.features, notices)
        return Rows(table, table.num_rows, {}, notices)
    return _of_stream(data)


def _of_stream(data: Any) -> Rows:
    """Take the rows of a stream one by one; large ones go to a file that is mapped."""
    with Gatherer("the stream", []) as gatherer:
        for row in islice(data, STREAM_ROWS):
            gatherer.add(
                row, sum(len(value) if isinstance(value, str | bytes | list) else 16 for value in row.values())
            )
        rows = gathered(gatherer, gatherer.count)
    if rows.read == STREAM_ROWS:
        rows.notices.append(f"A stream: its first {STREAM_ROWS:,} rows were taken; `.take(n)` chooses how many.")
    rows.table = named_classes(rows.table, data.features or {}, rows.notices)
    return rows


def named_classes(table: pa.Table, features: Any, notices: list[str]) -> pa.Table:
    """Put class names where the features say that numbers stand for them, in columns and in columns of lists."""
    import pyarrow as pa

    for name, feature in features.items():
        inner = getattr(feature, "feature", None) or (feature[0] if isinstance(feature, list) and feature else None)
        names = getattr(inner if inner is not None else feature, "names", None)
        if not isinstance(names, list) or name not in table.column_names:
            continue
        kind = pa.string() if inner is None else pa.list_(pa.string())
        column = pa.array([_named(value, names) for value in table[name].to_pylist()], kind)
        table = table.set_column(table.column_names.index(name), name, column)
        notices.append(f"Column {name!r}: class names instead of numbers.")
    return table


def _named(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    return value
