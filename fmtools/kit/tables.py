"""Rows to Arrow tables, the same way for every source: column types, splits, row accounting, names.

Arrow is imported inside functions: kernels import this module before anyone asked for data.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.errors import DataError
from .arrays import array_of, int_array

if TYPE_CHECKING:
    import pyarrow as pa

#: More columns than this are data turned on their side, or a bomb.
MAX_COLUMNS = 2_000
#: More broken rows than this share mean that the file was read the wrong way: an error instead of dropped rows.
MAX_BROKEN = 0.1
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
SPLIT_COLUMNS = ("split", "set", "subset", "partition")
SPLIT_ORDER = ("train", "validation", "test", "all")


@dataclass
class Rows:
    """One table as read, and the account of its rows: read = table rows + sum(dropped.values())."""

    table: pa.Table
    read: int
    dropped: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


@dataclass
class Broken:
    """Rows that cannot be used: counts by reason, and the first lines of each to name."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, reason: str, line: int) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1
        shown = self.lines.setdefault(reason, [])
        if len(shown) < 5:
            shown.append(line)

    def notices(self, name: str) -> list[str]:
        return [
            f"{name}: {count:,} {reason} dropped (line {self._where(reason)})." for reason, count in self.counts.items()
        ]

    def check(self, name: str, read: int) -> None:
        """Raise DataError, naming the first line, when too many rows are broken to go on without them."""
        total = sum(self.counts.values())
        if (total > MAX_BROKEN * read and total > 1) or total == read:
            reason = max(self.counts, key=lambda key: self.counts[key])
            raise DataError(
                f"{name}:{self.lines[reason][0]}: {total:,} of {read:,} rows are broken, most of them: {reason}.",
                "Correct the file: check its quotes, its separators and its ending.",
            )

    def _where(self, reason: str) -> str:
        lines = ", ".join(map(str, self.lines[reason]))
        return lines + (" ..." if self.counts[reason] > len(self.lines[reason]) else "")


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
            arrays[column] = array_of([None if value is None else _as_text(value) for value in values])
            notices.append(f"{name}: column {column!r} mixes kinds of values: read as text.")
    return pa.table(arrays)


def too_wide(name: str, columns: int) -> DataError:
    """Word the error for more than MAX_COLUMNS columns."""
    return DataError(
        f"{name} has {columns:,} columns; up to {MAX_COLUMNS:,} are read.", "Keep the columns that matter."
    )


def _as_text(value: Any) -> str:
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
    """Undo dictionaries and the layouts of text that only some functions know."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        values = _plain(pa.chunked_array([chunk.dictionary for chunk in column.chunks], column.type.value_type)).type
        chunks = [chunk.dictionary.cast(values).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, values)
    return column.cast(pa.string()) if str(column.type) in ("string_view", "large_string") else column


def find_splits(folder: Path, endings: Iterable[str]) -> dict[str, list[Path]]:
    """Return {"train": [files], ...} of a folder: train.csv, dev.csv, test-00000-of-00002.parquet ..."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        stem = re.sub(r"-\d+-of-\d+$", "", path.stem).lower()
        if path.suffix.lower() in endings and stem in SPLIT_NAMES and path.is_file():
            found.setdefault(SPLIT_NAMES[stem], []).append(path)
    return found


def is_folder_of(reference: Any, endings: Iterable[str]) -> bool:
    """Say whether `reference` is a folder with files named after splits and with one of these endings."""
    try:
        return (
            isinstance(reference, str | Path)
            and Path(reference).is_dir()
            and bool(find_splits(Path(reference), endings))
        )
    except (OSError, ValueError):
        return False


def ends_with(reference: Any, endings: Iterable[str]) -> bool:
    """Say whether `reference` is a path whose name has one of these endings."""
    return isinstance(reference, str | Path) and Path(reference).suffix.lower() in endings


def existing(path: Path) -> Path:
    """Return the path if it is there. Raises DataError with the nearest name of its folder."""
    try:
        if path.exists():
            return path
        folder = path.parent
        names = sorted(other.name for other in folder.iterdir()) if folder.is_dir() else []
    except (OSError, ValueError) as error:
        raise DataError(f"{str(path)[:200]!r} is not a usable path: {error}.", "Check it.") from None
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.", "Check the path; it is relative to the working directory.")
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    cure = f"Did you mean {near[0]}?" if near else "Check the path; it is relative to the working directory."
    raise DataError(f"There is no file {path}.", cure)


def load_path(reference: str | Path, endings: Iterable[str], read: Callable[[Path], Rows]) -> Dataset:
    """Read a file, or a folder with a file a split, with one source's `read`; check it and account for its rows."""
    path = existing(Path(reference).expanduser())
    if path.is_dir():
        return _load_folder(path, endings, read)
    rows = read(path)
    return dataset_of(slug(path.stem), rows, str(path))


def dataset_of(name: str, rows: Rows, origin: str, licence: str = "") -> Dataset:
    """Wrap one table as a Dataset; a `split` column becomes splits. Raises DataError when there are no rows."""
    if rows.table.num_rows == 0:
        raise DataError(f"{name} has column names but no rows ({rows.read} read).", "Choose data with rows.")
    splits, notices = by_split_column(rows.table)
    return Dataset(name, splits, origin, licence, [*rows.notices, *notices], rows.read, rows.dropped)


def _load_folder(folder: Path, endings: Iterable[str], read: Callable[[Path], Rows]) -> Dataset:
    import pyarrow as pa

    found = find_splits(folder, endings)
    if not found:
        raise DataError(f"The folder {folder} has no file named train, validation or test.", "Name one of its files.")
    data = Dataset(slug(folder.name), {}, str(folder))
    for split in sorted(found, key=SPLIT_ORDER.index):
        parts = [read(path) for path in found[split]]
        try:
            data.splits[split] = pa.concat_tables([part.table for part in parts])
        except pa.ArrowInvalid as error:
            cause = f"The files of split {split!r} in {folder} differ in their columns."
            raise DataError(cause, str(error).split("\n")[0]) from None
        for part in parts:
            account(data, part)
    if not sum(data.rows.values()):
        raise DataError(f"The files in {folder} have no rows.", "Choose data with rows.")
    data.notices.append("Splits by file: " + counted(data.rows) + ".")
    data.notices += _differences(data)
    return data


def account(data: Dataset, rows: Rows) -> None:
    """Add one table's row account and notices to a Dataset's."""
    data.read += rows.read
    data.notices += rows.notices
    for reason, count in rows.dropped.items():
        data.dropped[reason] = data.dropped.get(reason, 0) + count


def _differences(data: Dataset) -> list[str]:
    first = next(iter(data.splits))
    columns = set(data.splits[first].column_names)
    return [
        f"Split {name!r} has the columns {', '.join(table.column_names)}; {first!r} has {', '.join(data.columns)}."
        for name, table in data.splits.items()
        if set(table.column_names) != columns
    ]


def counted(rows: dict[str, int]) -> str:
    """Return "train 4,403, validation 826"."""
    return ", ".join(f"{name} {count:,}" for name, count in rows.items())


def by_split_column(table: pa.Table) -> tuple[dict[str, pa.Table], list[str]]:
    """Divide a table by its `split` (or `set` ...) column, if every value there names a split; else {"all": table}."""
    column = next((name for name in table.column_names if name.lower() in SPLIT_COLUMNS), None)
    if column is None:
        return {"all": table}, []
    values = [SPLIT_NAMES.get(str(value).strip().lower()) for value in table[column].to_pylist()]
    known = {value for value in values if value}
    if None in values or "train" not in known:
        wrong = values.count(None)
        return {"all": table}, [
            f"Column {column!r} was not used for splits: {wrong:,} of its values name none."
        ] if known else []
    rest = table.drop_columns([column])
    places: dict[str, list[int]] = {name: [] for name in SPLIT_ORDER if name in known}
    for index, value in enumerate(values):
        places[str(value)].append(index)
    splits = {name: rest.take(int_array(indices)) for name, indices in places.items()}
    return splits, [f"Column {column!r} gave the splits: {counted({n: t.num_rows for n, t in splits.items()})}."]
