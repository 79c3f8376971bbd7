"""Records of cells - of CSV files, sheets, tab-separated text - to rows: a header, and fields that fit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ...core.contracts import Reading
from ...core.errors import DataError
from .broken import Broken
from .gather import Gatherer, gathered
from .tables import MAX_COLUMNS, Rows, too_wide

#: A first line that is a row is looked for in so many rows.
SEEN_ROWS = 10_000
Record = tuple[int, Sequence[Any]]


def grid_rows(records: Iterable[Record], name: str, notices: list[str], reading: Reading, broken: Broken) -> Rows:
    """Return the rows of (line, cells) records.

    The first record is the header, unless `reading.columns` names the columns. Records with too few or too many cells
    are dropped and named. `broken` may have drops of the one who makes the records: they count as read.
    """
    records = (record for record in records if record[1])  # a blank line is no row
    header = _named(reading.columns, name)
    first = next(records, None)
    if first is None:
        broken.check(name, broken.total)
        raise DataError(f"{name} has no rows.", "Choose a file with rows.")
    body = _Body(header or _header(first[1], name, first[0]), name, notices, broken)
    if header and not _same(first[1], header):
        body.add(*first)
    with body.gatherer:
        for line, cells in records:
            body.add(line, cells)
        return body.finish(checked=not header)


class _Body:
    """The rows below a header."""

    def __init__(self, header: list[str], name: str, notices: list[str], broken: Broken) -> None:
        self.header, self.name, self.broken = header, name, broken
        self.gatherer = Gatherer(name, notices, tuple(header))
        self._like_header = [0] * len(header)

    def add(self, line: int, cells: Sequence[Any]) -> None:
        fitted = self._fit(cells, line)
        if fitted is None:
            return
        if self.gatherer.count < SEEN_ROWS:
            for place, cell in enumerate(fitted):
                self._like_header[place] += _text(cell) == self.header[place]
        self.gatherer.add(dict(zip(self.header, fitted, strict=True)), sum(map(_size, fitted)))

    def _fit(self, cells: Sequence[Any], line: int) -> Sequence[Any] | None:
        """Return the cells when they fit the header (empty ones too many are cut), else None; note the reason."""
        width = len(self.header)
        if len(cells) == width and _text(cells[0]) and cells[0] != self.header[0]:
            return cells  # nearly every row
        if not any(map(_text, cells)):
            self.broken.add("empty rows", line)
        elif _same(cells, self.header):
            self.broken.add("repeated lines of column names", line)
        elif len(cells) < width:
            self.broken.add("rows with too few fields", line)
        elif any(map(_text, cells[width:])):
            self.broken.add("rows with too many fields", line)
        else:
            return cells[:width]
        return None

    def finish(self, checked: bool) -> Rows:
        """Return the rows. `checked`: look whether the header is a row."""
        name, broken, read = self.name, self.broken, self.gatherer.count + self.broken.total
        if not read:
            raise DataError(f"{name} has a line of column names but no rows.", "Choose a file with rows.")
        broken.check(name, read)
        if checked:
            self._check_header()
        self.gatherer.notices += broken.notices(name)
        return gathered(self.gatherer, read, broken.counts, drops=broken.drops)

    def _check_header(self) -> None:
        """Refuse a file whose first line is a row: it would be lost, and its values become names."""
        for title, count in zip(self.header, self._like_header, strict=True):
            if count >= 2:
                raise DataError(
                    f"{self.name}:1: the first line seems to be a row: {title!r} stands in that column below, too.",
                    "Put a line of column names first, such as: text,label; or name them: --columns text,label",
                )


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)


def _size(cell: Any) -> int:
    return len(cell) if isinstance(cell, str) else 8


def _same(cells: Sequence[Any], header: list[str]) -> bool:
    return [_text(cell).lower() for cell in cells] == [title.lower() for title in header]


def _named(columns: tuple[str, ...], name: str) -> list[str]:
    return _unique([column.strip() for column in columns], f"The columns given for {name}") if columns else []


def _header(cells: Sequence[Any], name: str, line: int) -> list[str]:
    fields = [_text(cell) for cell in cells]
    if len(fields) > MAX_COLUMNS:
        raise too_wide(name, len(fields))
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    return _unique([field or f"column_{place}" for place, field in enumerate(fields, 1)], f"{name}:{line}")


def _unique(header: list[str], where: str) -> list[str]:
    twice = [field for field, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"{where}: the column name {twice[0]!r} stands twice.", "Give every column its own name.")
    if not all(header):
        raise DataError(f"{where}: a column has no name.", "Give every column a name.")
    return header
