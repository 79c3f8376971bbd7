"""Texts and their words: dividing what was typed as the training rows were divided, and joining tokens to a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

#: "words": by blanks and marks, each Chinese or Japanese character alone. "characters": every character alone.
Division = Literal["words", "characters"]
Span = tuple[int, int]

#: Scripts that set no blanks between words, with their marks and the wide forms of Latin ones. (Korean sets blanks.)
WIDE = (
    r"\u2e80-\u2fdf\u3000-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    r"\U00020000-\U0003ffff"
)
_WIDE = re.compile(f"[{WIDE}]")
_LETTER = rf"(?:(?![{WIDE}])\w)"
#: A wide character; U.S.; 's; a word with marks inside (state-of-the-art, 1,000.5, don't); any other mark.
_WORD = re.compile(
    rf"[{WIDE}]|(?:(?![{WIDE}])[^\W\d_]\.){{2,}}|['’][sS]\b|"
    rf"{_LETTER}+(?:(?!['’][sS]\b)[-.,'’&/@_:]{_LETTER}+)*|[^\w\s]|_"
)
#: Tokens that are looked at to learn how rows were divided; and the share of single characters that says "characters".
LOOKED_AT, ALONE = 100_000, 0.99


def divide(text: str, division: Division = "words") -> list[Span]:
    """Return the words of a text as (start, end) offsets; blanks belong to none."""
    if division == "characters":
        return [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]
    return [match.span() for match in _WORD.finditer(text) if not match[0].isspace()]


def division_of(sentences: Iterable[Sequence[str]]) -> Division:
    """Say how rows of tokens were divided: "characters" when nearly every token is one, and wide ones are among them."""
    seen = single = wide = 0
    for tokens in sentences:
        seen += len(tokens)
        single += sum(len(token) <= 1 for token in tokens)
        wide += sum(is_wide(token[:1]) for token in tokens)
        if seen > LOOKED_AT:
            break
    return "characters" if single > ALONE * seen and wide > 0.3 * seen else "words"


def is_wide(character: str) -> bool:
    """Say whether a character is of a script that sets no blanks."""
    return _WIDE.match(character) is not None


def spaced(tokens: Sequence[str], division: Division) -> list[bool]:
    """Say for each token whether a blank stands before it in a text."""
    if division == "characters":
        return [False] * len(tokens)
    ends = [is_wide(token[-1:]) for token in tokens]
    starts = [is_wide(token[:1]) for token in tokens]
    return [False, *(not (a or b) for a, b in zip(ends, starts[1:], strict=False))][: len(tokens)]


def join(tokens: Sequence[str], division: Division) -> tuple[str, list[Span]]:
    """Return the text of tokens, and where each of them stands in it."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for token, blank in zip(tokens, spaced(tokens, division), strict=True):
        parts += [" ", token] if blank else [token]
        at += blank
        spans.append((at, at + len(token)))
        at += len(token)
    return "".join(parts), spans
