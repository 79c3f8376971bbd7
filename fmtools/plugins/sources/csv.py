"""CSV and TSV files: separator sniffed, quoted line breaks kept, every row accounted for; all columns are text."""

from __future__ import annotations

import csv
import io
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.tables import MAX_COLUMNS, Broken, Rows, ends_with, is_folder_of, load_path, table_of, too_wide
from fmtools.kit.text_io import read_text

#: Longest field, in characters. The csv module keeps one limit for the whole process: it is raised while we read.
FIELD_LIMIT = 16 << 20
_limit_lock = threading.Lock()
SEPARATORS = (",", ";", "\t", "|")
#: The separator is chosen on so many rows.
SNIFF_ROWS = 50
#: A first line that is a row is looked for in so many rows.
SEEN_ROWS = 10_000


class CsvSource:
    """Reads .csv and .tsv files, and folders with one file a split."""

    name = "csv"
    summary = "CSV and TSV files in any encoding that can be told apart, or a folder with train.csv, test.csv ..."
    names: tuple[str, ...] = ()
    endings = (".csv", ".tsv", ".tab")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError with file and line for what cannot be read."""
        return load_path(reference, self.endings, read_csv)


def read_csv(path: Path) -> Rows:
    """Read one file into text columns; rows with too few or too many fields are dropped and named."""
    decoded = read_text(path)
    notices = [decoded.notice] if decoded.notice else []
    text, separator = _separator(decoded.text, path, notices)
    return _rows(_records(text, separator, path, notices), path.name, notices)


def _separator(text: str, path: Path, notices: list[str]) -> tuple[str, str]:
    """Return the text (without a first `sep=` line of Excel's) and the separator."""
    head = text[:6].lower()
    if head.startswith("sep=") and len(text) > 5:
        return "\n" + text.split("\n", 1)[-1], text[4]  # a blank line keeps the line numbers
    found = "\t" if path.suffix.lower() in (".tsv", ".tab") else sniff(text)
    if found != "," and path.suffix.lower() == ".csv":
        notices.append(f"{path.name}: fields are separated by {'tabs' if found == chr(9) else repr(found)}.")
    return text, found


def sniff(text: str) -> str:
    """Return the separator that divides the first rows most evenly into the number of fields the first one has."""
    scores = {}
    for separator in SEPARATORS:
        widths = _widths(text, separator)
        if widths and widths[0] > 1:
            scores[separator] = (Counter(widths)[widths[0]] / len(widths), widths[0])
    return max(scores, key=lambda key: scores[key], default=",")


def _widths(text: str, separator: str) -> list[int]:
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(text[: 1 << 18], newline=""), delimiter=separator):
            if record:
                widths.append(len(record))
            if len(widths) >= SNIFF_ROWS:
                break
    except csv.Error:
        pass
    return widths


def _records(text: str, separator: str, path: Path, notices: list[str]) -> list[tuple[int, list[str]]]:
    """Return (first line, fields) of every record. Tabs files often use quotes as plain characters: then they are."""
    try:
        return list(_parse(text, separator, path.name, csv.QUOTE_MINIMAL))
    except DataError:
        if separator != "\t":
            raise
    notices.append(f"{path.name}: quotes are read as plain characters.")
    return list(_parse(text, separator, path.name, csv.QUOTE_NONE))


def _parse(text: str, separator: str, name: str, quoting: int) -> Iterator[tuple[int, list[str]]]:
    with _limit_lock:
        before = csv.field_size_limit(FIELD_LIMIT)
        lines = io.StringIO(text, newline="")
        reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)  # type: ignore[arg-type]
        line = 1
        try:
            for record in reader:
                yield line, record
                line = reader.line_num + 1
        except csv.Error as error:
            raise _unreadable(name, line, str(error)) from None
        finally:
            csv.field_size_limit(before)


def _unreadable(name: str, line: int, error: str) -> DataError:
    where = f"{name}:{line}"
    if "field larger" in error:
        cause = f"{where}: a field has more than {FIELD_LIMIT >> 20} MiB."
        return DataError(cause, "A closing quote may be missing; correct that row.")
    if "end of data" in error:
        return DataError(
            f"{where}: a quote opens in this row and is never closed.", 'Close it, or write a quote in a field as "".'
        )
    return DataError(f"{where}: a quote ends before its field does.", 'Write a quote inside a quoted field as "".')


def _rows(records: list[tuple[int, list[str]]], name: str, notices: list[str]) -> Rows:
    records = [(line, fields) for line, fields in records if fields]  # a blank line is no row
    if not records:
        raise DataError(f"{name} has no rows.", "Choose a file with rows.")
    header, body = _header(records[0][1], name), records[1:]
    broken = Broken()
    fitted = [_fit(fields, header, line, broken) for line, fields in body]
    kept = [fields for fields in fitted if fields is not None]
    if not body:
        raise DataError(f"{name} has a line of column names but no rows.", "Choose a file with rows.")
    broken.check(name, len(body))
    _check_header(header, kept, name)
    columns = dict(zip(header, map(list, zip(*kept, strict=True)), strict=True))
    return Rows(table_of(columns, name, notices), len(body), broken.counts, notices + broken.notices(name))


def _fit(fields: list[str], header: list[str], line: int, broken: Broken) -> list[str] | None:
    """Return the fields when they fit the header (empty ones too many are cut), else None; note the reason."""
    width = len(header)
    if len(fields) == width and fields[0].strip() and fields[0] != header[0]:
        return fields  # nearly every row
    if not any(field.strip() for field in fields):
        broken.add("empty rows", line)
    elif fields == header:
        broken.add("repeated lines of column names", line)
    elif len(fields) < width:
        broken.add("rows with too few fields", line)
    elif any(field.strip() for field in fields[width:]):
        broken.add("rows with too many fields", line)
    else:
        return fields[:width]
    return None


def _header(fields: list[str], name: str) -> list[str]:
    if len(fields) > MAX_COLUMNS:
        raise too_wide(name, len(fields))
    while len(fields) > 1 and not fields[-1].strip():
        fields = fields[:-1]
    header = [field.strip() or f"column_{place}" for place, field in enumerate(fields, 1)]
    twice = [field for field, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"{name}:1: the column name {twice[0]!r} stands twice.", "Give every column its own name.")
    return header


def _check_header(header: list[str], rows: list[list[str]], name: str) -> None:
    """Refuse a file whose first line is a row: it would be lost, and its values become names."""
    for place, title in enumerate(header):
        if sum(row[place].strip() == title for row in rows[:SEEN_ROWS]) >= 2:
            raise DataError(
                f"{name}:1: the first line seems to be a row: {title!r} stands in that column below, too.",
                "Put a line of column names first, such as: text,label",
            )
