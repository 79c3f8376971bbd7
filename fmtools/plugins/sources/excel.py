"""Excel and OpenDocument sheets, through calamine: one small reader for .xlsx, .xls, .xlsb and .ods."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.grids import Record, grid_rows
from fmtools.kit.reading.places import ends_with, existing, is_folder_of, load_path
from fmtools.kit.reading.tables import SPLIT_NAMES, SPLIT_ORDER, Rows, account, counted, slug

INSTALL = "Install what reads it: pip install python-calamine"
#: Sheets are packed XML: what a file may unfold to, and by how much.
MAX_UNFOLDED, UNFOLDS, ALWAYS_ALLOWED = 2 << 30, 200, 16 << 20


class ExcelSource:
    """Reads .xlsx, .xlsm, .xls, .xlsb and .ods files: sheets named after splits, else the first one with rows."""

    name = "excel"
    summary = "Excel and OpenDocument files: sheets named train, test ... are splits, else the first sheet is read"
    names: tuple[str, ...] = ()
    endings = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError with file and row for what cannot be read."""
        path = existing(Path(reference).expanduser())
        if path.is_dir():
            return load_path(path, self.endings, read_first_sheet, reading)
        book = _Book(path)
        splits = {SPLIT_NAMES[name.strip().lower()]: name for name in book.names if name.strip().lower() in SPLIT_NAMES}
        if "train" not in splits:
            return load_path(path, self.endings, read_first_sheet, reading)
        return _load_splits(book, splits, reading)


def _load_splits(book: _Book, splits: dict[str, str], reading: Reading) -> Dataset:
    data = Dataset(slug(book.path.stem), {}, str(book.path))
    for split in sorted(splits, key=SPLIT_ORDER.index):
        rows = book.rows(splits[split], reading, [])
        data.splits[split] = rows.table
        account(data, rows)
    unread = [name for name in book.names if name not in splits.values()]
    data.notices.append(f"Splits by sheet: {counted(data.rows)}{_not_read(unread)}.")
    return data


def read_first_sheet(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read the first sheet that has cells; which one, and which others there are, is said aloud."""
    book = _Book(path)
    full = next((name for name in book.names if book.has_cells(name)), None)
    if full is None:
        raise DataError(f"{path.name} has no sheet with rows.", "Choose a file with rows.")
    others = [name for name in book.names if name != full]
    said = [f"{path.name}: the sheet {full!r} was read{_not_read(others)}."] if others else []
    return book.rows(full, reading, said)


def _not_read(names: list[str]) -> str:
    return f"; not read: {', '.join(map(repr, names[:10]))}" if names else ""


class _Book:
    """An open file of sheets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            from python_calamine import CalamineWorkbook
        except ImportError:
            raise DataError(f"{path.name} needs a package that is not installed.", INSTALL) from None
        if path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty (0 bytes).", "Choose a file with rows.")
        _refuse_bomb(path)
        self._book = self._try(CalamineWorkbook.from_path, str(path))
        self.names: list[str] = list(self._book.sheet_names)
        self._cells: dict[str, list[list[Any]]] = {}

    def _try(self, work: Any, *values: Any) -> Any:
        """Call calamine. What it cannot read is one of its errors or, from its Rust side, a panic."""
        try:
            return work(*values)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
                raise
            why = str(error).split("\n")[0].rstrip(".")[:200] or type(error).__name__
            cause = f"{self.path.name} cannot be read as a file of sheets: {why}."
            raise DataError(cause, "It may be damaged or locked with a password: save it again.") from None

    def cells(self, name: str) -> list[list[Any]]:
        if name not in self._cells:
            sheet = self._try(self._book.get_sheet_by_name, name)
            self._cells[name] = self._try(lambda: sheet.to_python(skip_empty_area=False))
        return self._cells[name]

    def has_cells(self, name: str) -> bool:
        return any(cell != "" for cells in self.cells(name) for cell in cells)

    def rows(self, name: str, reading: Reading, notices: list[str]) -> Rows:
        """Return a sheet's rows; empty ones at its end, and between, are none."""
        file = f"{self.path.name} (sheet {name})" if len(self.names) > 1 else self.path.name
        return grid_rows(self._records(name), file, notices, reading, Broken(file, reading.on_error == "stop"))

    def _records(self, name: str) -> Iterator[Record]:
        for number, cells in enumerate(self.cells(name), 1):
            values = [_value(cell) for cell in cells]
            yield number, values if any(value is not None for value in values) else []


def _value(cell: Any) -> Any:
    """Return a cell as data: whole numbers are whole (a sheet has none), an empty cell is nothing."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if isinstance(cell, str):
        return cell if cell.strip() else None
    return cell


def _refuse_bomb(path: Path) -> None:
    """Raise DataError for a packed file that would unfold too far. Others (.xls) are no archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            unfolded = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return
    if unfolded > min(MAX_UNFOLDED, max(ALWAYS_ALLOWED, UNFOLDS * path.stat().st_size)):
        cause = f"{path.name} unfolds to {unfolded / 2**20:,.0f} MiB: more than a file of sheets should."
        raise DataError(cause, "Save it as CSV.")
