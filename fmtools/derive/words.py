"""Cut a magic's line into words. Nothing is expanded or executed: no variables, no `$(...)`, no backticks, no globs.

A quote counts only where a word begins (or right after `--option=`), so `don't` and `5"` are plain words. It is closed
by the next quote of its kind that a blank or the end of the line follows. Backslashes are plain, so that Windows paths
can be typed; only in front of a double quote, inside double quotes, they escape it (doubled, themselves).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fmtools.core.errors import OptionError

PLAIN = re.compile(r"[\w./:@%+,=~\\][\w./:@%+,=~\\-]*")
_NAMED = re.compile(r"--?[\w-]+=(?=[\"'])")
_NUMBER = re.compile(r"[-+]?(\d|\.\d|inf\b|nan\b)")


@dataclass(frozen=True)
class Word:
    """A word of a line, `line[start:end]` with its quotes; `quoted` words are values, whatever they look like."""

    text: str
    start: int = 0
    end: int = 0
    quoted: bool = False
    closed: bool = True

    @property
    def is_option(self) -> bool:
        """Say whether the word reads as `--option`; `-5` is a number and `-` a value."""
        return not self.quoted and len(self.text) > 1 and self.text[0] == "-" and not _NUMBER.match(self.text)


def split(line: str, tolerant: bool = False) -> list[Word]:
    """Return the words of a line. Raises OptionError for a quote that is never closed, unless `tolerant`."""
    words: list[Word] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word = _word(line, at)
        if not word.closed and not tolerant:
            raise OptionError(
                f"The quote that begins {line[word.start :][:30]!r} is not closed.", "Add the closing quote."
            )
        words.append(word)
        at = word.end
    return words


def _word(line: str, start: int) -> Word:
    named = _NAMED.match(line, start)
    at = named.end() if named else start
    if line[at] not in "\"'":
        end = next((i for i in range(start, len(line)) if line[i].isspace()), len(line))
        return Word(line[start:end], start, end)
    text, end, closed = _quoted(line, at)
    prefix = named.group() if named else ""
    return Word(prefix + text, start, end, quoted=not named, closed=closed)


def _quoted(line: str, start: int) -> tuple[str, int, bool]:
    """Return (text, position after the closing quote, whether there is one) for the quote at `start`."""
    mark, out, at = line[start], [], start + 1
    for match in re.finditer(r'(\\*)"' if mark == '"' else "()'", line[at:]):
        slashes = len(match[1])
        out.append(line[at : start + 1 + match.start()] + "\\" * (slashes // 2))
        at = start + 1 + match.end()
        if slashes % 2 == 0 and (at == len(line) or line[at].isspace()):
            return "".join(out), at, True
        out.append(mark)
    return "".join(out) + line[at:], len(line), False


def quote(text: str) -> str:
    """Write a value so that `split` reads it back; plain words stay bare."""
    if PLAIN.fullmatch(text):
        return text
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
