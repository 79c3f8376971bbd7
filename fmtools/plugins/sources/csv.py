"""CSV and TSV files: separator sniffed, quoted line breaks kept, every row accounted for; all columns are text."""

from __future__ import annotations

import csv
import io
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken
from fmtools.kit.reading.cache import let_go
from fmtools.kit.reading.grids import grid_rows
from fmtools.kit.reading.places import ending_of, ends_with, is_folder_of, load_path
from fmtools.kit.reading.tables import Rows
from fmtools.kit.reading.text_lines import TextFile, open_text
from fmtools.kit.reading.tokens_io import looks_like_tokens

#: Longest field, in characters. The csv module keeps one limit for the whole process: it is raised while we read.
FIELD_LIMIT = 16 << 20
_limit_lock = threading.Lock()
SEPARATORS = (",", ";", "\t", "|")
#: The separator is chosen on so many rows.
SNIFF_ROWS = 50
#: A quote that is never closed swallows the rest of the file; it is looked for again behind its row so many times.
MAX_SWALLOWED = 50


class CsvSource:
    """Reads .csv and .tsv files, and folders with one file a split."""

    name = "csv"
    summary = "CSV and TSV files in any encoding that can be told apart, or a folder with train.csv, test.csv ..."
    names: tuple[str, ...] = ()
    endings = (".csv", ".tsv", ".tab")

    def accepts(self, reference: Any) -> bool:
        mine = ends_with(reference, self.endings) or is_folder_of(reference, self.endings)
        return mine and not looks_like_tokens(reference, (".tsv", ".tab"))

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError with file and line for what cannot be read."""
        return load_path(reference, self.endings, read_csv, reading)


def read_csv(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file into text columns; rows with too few or too many fields are dropped and named.

    Files of tabs often use quotes as plain characters: where quoting breaks rows, they are.
    """
    file = open_text(path, reading.encoding)
    separator = _separator(file)
    broken = Broken(path.name, reading.on_error == "stop")
    try:
        rows = _read(file, separator, csv.QUOTE_MINIMAL, reading, broken)
    except DataError as error:
        if separator != "\t" or QUOTES not in error.cause:
            raise
    else:
        if separator != "\t" or not any(QUOTES in reason for reason in broken.counts):
            return rows
        let_go(rows)
    file.notices.append(f"{path.name}: quotes are read as plain characters.")
    return _read(file, separator, csv.QUOTE_NONE, reading, Broken(path.name, reading.on_error == "stop"))


def _read(file: TextFile, separator: str, quoting: int, reading: Reading, broken: Broken) -> Rows:
    # Closed at once, whatever happens: it holds a lock.
    with closing(_parse(_Lines(file), separator, quoting, broken)) as records:
        return grid_rows(records, file.name, list(file.notices), reading, broken)


def _separator(file: TextFile) -> str:
    """Return the separator: that of a first `sep=` line of Excel's, of the ending, or the sniffed one."""
    if file.head[:4].lower() == "sep=" and len(file.head) > 5:
        return file.head[4]
    ending = ending_of(file.path)
    found = "\t" if ending in (".tsv", ".tab") else sniff(file.head)
    if found != "," and ending == ".csv":
        file.notices.append(f"{file.name}: fields are separated by {'tabs' if found == chr(9) else repr(found)}.")
    return found


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


class _Lines:
    """The lines of a file, counted. Those of a record that broke can be given a second time."""

    def __init__(self, file: TextFile) -> None:
        self._lines, self._again = file.lines(""), list[str]()
        self.number = 0
        self.record: list[str] = []
        if file.head[:4].lower() == "sep=":
            self._next()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._next()
        self.record.append(line)
        return line

    def _next(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self.number += 1
        return line

    def begin(self) -> int:
        """Begin a record; return its line."""
        self.record = []
        return self.number + 1

    def give_back(self) -> int:
        """Give the lines of the record but its first once more; return how many."""
        again = self.record[1:]
        self._again += reversed(again)
        self.number -= len(again)
        return len(again)


#: In the reason of every row that is dropped for its quotes.
QUOTES = "quote"
REASONS = {
    "field larger": f"rows with a field of more than {FIELD_LIMIT >> 20} MiB (a closing {QUOTES} may be missing)",
    "end of data": f"rows with a {QUOTES} that is never closed",
    "expected after": f'rows with a {QUOTES} that ends before its field does (write "" for a {QUOTES} in a field)',
}


def _parse(lines: _Lines, separator: str, quoting: int, broken: Broken) -> Generator[tuple[int, list[str]]]:
    """Give (first line, fields) of every record; a record whose quotes break is left out, and reading goes on behind."""
    with _limit_lock:
        before = csv.field_size_limit(FIELD_LIMIT)
        reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)  # type: ignore[arg-type]
        swallowed = 0
        try:
            while True:
                line = lines.begin()
                try:
                    record = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    broken.add(_reason(str(error)), line)
                    swallowed += lines.give_back() > 100
                    if swallowed > MAX_SWALLOWED:
                        raise _hopeless(broken, line) from None
                    continue
                yield line, record
        finally:
            csv.field_size_limit(before)


def _reason(error: str) -> str:
    return next((reason for mark, reason in REASONS.items() if mark in error), f"rows that are no CSV ({error})")


def _hopeless(broken: Broken, line: int) -> DataError:
    cause = f"{broken.name}:{line}: quotes open in {broken.total:,} rows and are not closed."
    return DataError(cause, 'Write a quote inside a quoted field as "", or save the file with another separator.')
