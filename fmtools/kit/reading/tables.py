"""Rows to Arrow tables, the same way for every source: column types, splits, row accounting, names.

Arrow is imported inside functions: kernels import this module before anyone asked for data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Drop
from ...core.errors import DataError
from .arrays import array_of, int_array
from .broken import MAX_DROPS
from .text_lines import LARGE

if TYPE_CHECKING:
    import pyarrow as pa

#: More columns than this are data turned on their side, or a bomb.
MAX_COLUMNS = 2_000
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "testa"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "testb"), "test"),
}
SPLIT_COLUMNS = ("split", "set", "subset", "partition")
SPLIT_ORDER = ("train", "validation", "test", "all")


@dataclass
class Rows:
    """One table as read, and the account of its rows: read = table rows + sum(dropped.values()).

    drops: the first of the dropped rows, one by one. task: the hub's name, when the format tells it. spill: the file that
    the table is mapped from, when it is one that was written for it.
    """

    table: pa.Table
    read: int
    dropped: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    task: str = ""
    spill: Path | None = None


def slug(name: str) -> str:
    """Return a name fit for a folder: letters, digits, dots, dashes; at most 60 characters."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-._")[:60] or "data"


def table_of(columns: dict[str, list[Any]], name: str, notices: list[str]) -> pa.Table:
    """Build a table from Python columns; a column of mixed kinds becomes text, said aloud."""
    import pyarrow as pa

    if len(columns) > MAX_COLUMNS:
        raise too_wide(name, len(columns))
    arrays = {}
    for column, values in columns.items():
        try:
            arrays[column] = array_of(values)
        except UnicodeEncodeError:
            cause = f"{name}: column {column!r} holds broken Unicode (half of a surrogate pair)."
            raise DataError(
                cause, "Repair those texts, for example with text.encode(errors='replace').decode()."
            ) from None
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, TypeError):
            arrays[column] = array_of([None if value is None else as_text(value) for value in values])
            notices.append(f"{name}: column {column!r} mixes kinds of values: read as text.")
    return pa.table(arrays)


def too_wide(name: str, columns: int) -> DataError:
    """Word the error for more than MAX_COLUMNS columns."""
    return DataError(
        f"{name} has {columns:,} columns; up to {MAX_COLUMNS:,} are read.", "Keep the columns that matter."
    )


def as_text(value: Any) -> str:
    """Return a value of a column that mixes kinds as text."""
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def plain(table: pa.Table) -> pa.Table:
    """Return the table with plain column types: no dictionaries, no string views, no index columns."""
    import pyarrow as pa

    names = [str(name) for name in table.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"The column name {twice[0]!r} stands twice.", "Give every column its own name.")
    if len(names) > MAX_COLUMNS:
        raise too_wide("The table", len(names))
    pairs = zip(names, table.columns, strict=True)
    return pa.table({name: _plain(column) for name, column in pairs if not re.fullmatch(r"__index_level_\d+__", name)})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Undo dictionaries, extensions and the layouts of text that only some functions know."""
    import pyarrow as pa

    if isinstance(column.type, pa.BaseExtensionType):
        return _plain(pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type))
    if pa.types.is_dictionary(column.type):
        values = _plain(pa.chunked_array([chunk.dictionary for chunk in column.chunks], column.type.value_type)).type
        chunks = [chunk.dictionary.cast(values).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, values)
    kind = _plain_type(column.type)
    return column if kind == column.type else column.cast(kind)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the plain type for one of text, or of lists of it."""
    import pyarrow as pa

    if str(kind) in ("string_view", "large_string"):
        return pa.string()
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


def dataset_of(name: str, rows: Rows, origin: str, licence: str = "") -> Dataset:
    """Wrap one table as a Dataset; a `split` column becomes splits. Raises DataError when there are no rows."""
    if rows.table.num_rows == 0:
        raise DataError(f"{name} has column names but no rows ({rows.read} read).", "Choose data with rows.")
    splits, notices = by_split_column(rows.table)
    said = [*rows.notices, *notices]
    return Dataset(name, splits, origin, licence, said, rows.read, rows.dropped, rows.drops, rows.task)


def account(data: Dataset, rows: Rows) -> None:
    """Add one table's row account and notices to a Dataset's."""
    data.read += rows.read
    data.notices += rows.notices
    data.drops += rows.drops[: MAX_DROPS - len(data.drops)]
    data.task = data.task or rows.task
    for reason, count in rows.dropped.items():
        data.dropped[reason] = data.dropped.get(reason, 0) + count


def counted(rows: dict[str, int]) -> str:
    """Return "train 4,403, validation 826"."""
    return ", ".join(f"{name} {count:,}" for name, count in rows.items())


def by_split_column(table: pa.Table) -> tuple[dict[str, pa.Table], list[str]]:
    """Divide a table by its `split` (or `set` ...) column, if every value there names a split; else {"all": table}."""
    import numpy as np

    column = next((name for name in table.column_names if name.lower() in SPLIT_COLUMNS), None)
    if column is None:
        return {"all": table}, []
    names, codes = _coded(table[column])
    splits = [SPLIT_NAMES.get(str(name).strip().lower()) for name in names]
    if None in splits or "train" not in splits:
        wrong = sum(int((codes == code).sum()) for code, split in enumerate(splits) if split is None)
        said = f"Column {column!r} was not used for splits: {wrong:,} of its values name none."
        return {"all": table}, [said] if any(splits) else []
    rest = table.drop_columns([column])
    found = {}
    for name in SPLIT_ORDER:
        wanted = [code for code, split in enumerate(splits) if split == name]
        if wanted:
            found[name] = _rows_at(rest, np.flatnonzero(np.isin(codes, wanted)))
    return found, [f"Column {column!r} gave the splits: {counted({n: t.num_rows for n, t in found.items()})}."]


def _coded(column: pa.ChunkedArray) -> tuple[list[Any], Any]:
    """Return a column's different values, and for each row the place of its own among them (a numpy array).

    Text a row would be many times the memory of a large table that is mapped.
    """
    import numpy as np
    import pyarrow as pa

    names: dict[Any, int] = {}
    codes = [np.zeros(0, dtype=np.int64)]
    for chunk in () if pa.types.is_nested(column.type) else column.chunks:
        encoded = chunk.dictionary_encode(null_encoding="encode")
        places = [names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()]
        # Not to_numpy, which imports pandas to look whether it is needed.
        indices = np.frombuffer(encoded.indices.buffers()[1], np.int32, len(encoded), 4 * encoded.indices.offset)
        codes.append(np.asarray(places, dtype=np.int64)[indices])
    return list(names), np.concatenate(codes)


def _rows_at(table: pa.Table, indices: Any) -> pa.Table:
    """Return some rows of a table, in order (a numpy array); of a large one as a file that is mapped, as the table is."""
    import numpy as np

    if table.nbytes <= LARGE or not len(indices):
        return table.take(int_array(indices.tolist()))
    from . import cache
    from .gather import Gatherer, gathered

    gatherer, before, at = Gatherer("split", []), 0, 0
    for batch in table.to_batches():
        here = int(np.searchsorted(indices, before + batch.num_rows))
        inside = int_array((indices[at:here] - before).tolist())
        gatherer.take(type(table).from_batches([batch]).take(inside))
        before, at = before + batch.num_rows, here
    rows = gathered(gatherer, len(indices))
    cache.let_go(rows)
    return rows.table
