"""Names once found are looked for again: a name that was missed in one row and seen in another is replaced in both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .spans import Span, widths

_LETTERS = r"(?:(?![\u3040-\u9fff])[^\W\d_])+"  # Chinese stands beside a Latin name without a blank
_WORDS = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")
_CJK = re.compile(r"[\u4e00-\u9fff]")
#: Words of the longest Latin name that is looked for; characters of the shortest and longest Chinese one.
WORDS, SHORTEST, LONGEST = 4, 3, 4


class Known:
    """The names found so far. Single words and two-character names are too often something else."""

    def __init__(self) -> None:
        self._latin: set[str] = set()
        self._chinese: set[str] = set()

    def add(self, value: str) -> None:
        """Take a name that was found."""
        text = widths(value).casefold()
        words = _WORDS.findall(text)
        if _CJK.search(text):
            if SHORTEST <= len(text) <= LONGEST:
                self._chinese.add(text)
        elif 2 <= len(words) <= WORDS and " ".join(words) == text:
            self._latin.add(text)

    def find(self, text: str) -> Iterator[Span]:
        """Yield every known name in a text, wherever it stands."""
        plain = widths(text).casefold()
        if len(plain) != len(text):  # a letter whose lower case is two letters: positions would shift
            plain = widths(text).lower() if len(widths(text).lower()) == len(text) else widths(text)
        if self._latin:
            yield from self._words(plain)
        if self._chinese and _CJK.search(plain):
            yield from self._characters(plain)

    def _words(self, text: str) -> Iterator[Span]:
        found = list(_WORDS.finditer(text))
        for i, first in enumerate(found):
            for last in found[i + 1 : i + WORDS]:
                if text[first.start() : last.end()] in self._latin:
                    yield Span(first.start(), last.end(), "name", "found elsewhere", 0.7)

    def _characters(self, text: str) -> Iterator[Span]:
        for size in range(SHORTEST, LONGEST + 1):
            for i in range(len(text) - size + 1):
                if text[i : i + size] in self._chinese:
                    yield Span(i, i + size, "name", "found elsewhere", 0.7)
