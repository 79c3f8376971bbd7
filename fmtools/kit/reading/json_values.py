"""JSON values of a file one by one, with the line each begins in: one a line, or the items of one long list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ...core.errors import DataError
from .broken import Broken
from .text_lines import MAX_LINE, TextFile

NO_JSON, NO_TEXT = "lines that are no JSON", "objects with broken Unicode"
TOO_DEEP = "objects with lists in lists too deep to be rows"
#: Deeper rows are refused: Arrow files hold 64 levels at most.
MAX_DEPTH = 30
#: Half of a surrogate pair, written as an escape: no text.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_BLANKS = re.compile(r"[ \t\r\n]*")
#: A value, the line it begins in, and the characters it takes.
Found = tuple[int, Any, int]


def json_lines(file: TextFile, broken: Broken) -> Iterator[Found]:
    """Parse line by line. Only line feeds end a row: JSON texts may hold other line separators."""
    for number, line in enumerate(file.lines("\n"), 1):
        text = line.strip().lstrip("\ufeff")
        if not text:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            broken.add(NO_JSON, number)
            continue
        if usable(value, text, number, broken):
            yield number, value, len(text)


def usable(value: Any, text: str, line: int, broken: Broken) -> bool:
    """Say whether Arrow can hold a value. `text`: its JSON, which shows quickly that most values are harmless."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        broken.add(TOO_DEEP, line)
        return False
    if _HALF.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            broken.add(NO_TEXT, line)
            return False
    return True


def _depth(value: Any) -> int:
    """Return how deep a value is nested; not by recursion, which a deep value would exhaust."""
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        nested = [item for item in level if isinstance(item, dict | list)]
        level = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)]
        depth += bool(nested)
    return depth


def json_list(file: TextFile, broken: Broken) -> Iterator[Found]:
    """Parse the items of a list. Raises DataError with file and line where it is no JSON: what follows has no beginning."""
    cursor = _Cursor(file)
    cursor.mark("[")
    if cursor.peek() == "]":
        return
    while True:
        line, value, text = cursor.value()
        if usable(value, text, line, broken):
            yield line, value, len(text)
        if cursor.mark(",]") == "]":
            break
    if cursor.peek():
        raise cursor.wrong("text after the end of the list")


class _Cursor:
    """A place in a JSON text that comes in pieces."""

    def __init__(self, file: TextFile) -> None:
        self._name, self._pieces = file.name, file.chunks()
        self._text, self._at, self._line = "", 0, 1
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Return the next character that is no blank; "" at the end."""
        while True:
            at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._go(at)
            if self._at < len(self._text):
                return self._text[self._at].removeprefix("\ufeff") or self._skip()
            if not self._more():
                return ""

    def _skip(self) -> str:
        self._at += 1
        return self.peek()

    def mark(self, wanted: str) -> str:
        """Step over one of the characters of `wanted` and return it."""
        found = self.peek()
        if not found or found not in wanted:
            raise self.wrong(f"expecting {' or '.join(map(repr, wanted))}" if found else "the list is not closed")
        self._at += 1
        return found

    def value(self) -> tuple[int, Any, str]:
        """Return the next value, its line and its text."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                self._go(error.pos)
                raise self.wrong(error.msg[0].lower() + error.msg[1:]) from None
            except (ValueError, RecursionError) as error:
                raise self.wrong(f"no usable JSON ({str(error).split(';')[0]})") from None
            if end < len(self._text) or not self._more():
                break
        line, text = self._line, self._text[self._at : end]
        self._go(end)
        return line, value, text

    def _go(self, at: int) -> None:
        self._line += self._text.count("\n", self._at, at)
        self._at = at

    def _more(self) -> bool:
        """Read on: as much again as is waiting, so that a long value is not tried over and over."""
        waiting = self._text[self._at :]
        if len(waiting) > MAX_LINE:
            raise self.wrong(f"a value of more than {MAX_LINE >> 20} million characters")
        pieces: list[str] = []
        while (piece := next(self._pieces, "")) and sum(map(len, pieces)) <= len(waiting):
            pieces.append(piece)
        pieces.append(piece)
        self._text, self._at = waiting + "".join(pieces), 0
        return any(pieces)

    def wrong(self, why: str) -> DataError:
        return DataError(f"{self._name}:{self._line}: {why}.", "Correct the JSON there.")
