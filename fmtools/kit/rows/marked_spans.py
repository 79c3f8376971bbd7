"""Marked spans of a text as tags of its words: [{"start": 0, "end": 5, "label": "PER"}] as annotation tools write them.

Light: the kernel imports it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from ..words.division import Division, Span, divide
from .tag_columns import read_json
from .tagging import Chunk, bio

#: How the parts of a span are called.
STARTS = ("start", "start_offset", "begin", "start_char", "start_idx", "from")
STOPS = ("end", "end_offset", "stop", "end_char", "end_idx", "to")
KINDS = ("label", "type", "entity", "entity_group", "tag", "class", "category", "entity_type", "ner")
WORDS = ("text", "word", "surface", "value", "mention")


class BrokenSpan(ValueError):
    """A span that does not fit its text; the message is a clause for a notice."""


@dataclass(frozen=True, order=True)
class Marked:
    """Characters `start` to `end` (excluded) of a text, and what they are."""

    start: int
    end: int
    kind: str


def tagged(text: str, spans: list[Marked], division: Division) -> tuple[list[str], list[str]]:
    """Return (tokens, BIO2 tags) of a text; a word that a span cuts becomes two tokens, so that no letter is lost.

    Raises BrokenSpan for spans that overlap.
    """
    ordered = sorted(spans)
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise BrokenSpan(f"the spans {before.start} to {before.end} and {after.start} to {after.end} overlap")
    cuts = {place for span in ordered for place in (span.start, span.end)}
    words = [part for word in divide(text, division) for part in _cut(word, cuts)]
    starts = {word[0]: i for i, word in enumerate(words)}
    stops = {word[1]: i for i, word in enumerate(words)}
    chunks = [Chunk(span.kind, starts[span.start], stops[span.end]) for span in ordered]
    return [text[a:b] for a, b in words], bio(len(words), chunks)


def _cut(word: Span, cuts: set[int]) -> list[Span]:
    inside = [place for place in range(word[0] + 1, word[1]) if place in cuts]
    edges = [word[0], *inside, word[1]]
    return list(itertools.pairwise(edges))


def spans_of(text: str, value: Any) -> list[Marked]:
    """Return the spans of one row, blanks at their ends left out. Raises BrokenSpan for what does not fit the text."""
    rows = read_json(value) if isinstance(value, str) else value
    if rows is None:
        if isinstance(value, str) and value.strip():
            raise BrokenSpan("the spans cannot be read")
        return []
    if not isinstance(rows, list | tuple):
        raise BrokenSpan("the spans are no list")
    return list(dict.fromkeys(_span(text, row) for row in rows))


def _span(text: str, row: Any) -> Marked:
    start, end, kind, word = _parts(row)
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        raise BrokenSpan(f"a span goes from {start} to {end} in a text of {len(text)} characters")
    if not kind:
        raise BrokenSpan(f"the span {start} to {end} has no label")
    found = text[start:end]
    if isinstance(word, str) and word.strip() and word.strip() != found.strip():
        raise BrokenSpan(f"the span {start} to {end} says {word!r}, and the text there is {found!r}")
    inner = found.strip()
    if not inner:
        raise BrokenSpan(f"the span {start} to {end} holds nothing but blanks")
    start += len(found) - len(found.lstrip())
    return Marked(start, start + len(inner), str(kind))


def _parts(row: Any) -> tuple[Any, Any, Any, Any]:
    if isinstance(row, dict):
        lowered = {str(name).lower(): value for name, value in row.items()}
        start, end, kind, word = (
            next((lowered[n] for n in names if n in lowered), None) for names in (STARTS, STOPS, KINDS, WORDS)
        )
        if isinstance(kind, list | tuple):
            kind = kind[0] if kind else None
        return _whole(start), _whole(end), kind, word
    if isinstance(row, list | tuple) and len(row) >= 3:
        return _whole(row[0]), _whole(row[1]), row[2], None
    raise BrokenSpan("a span is neither {start, end, label} nor [start, end, label]")


def _whole(value: Any) -> Any:
    """Return a whole number for 3.0 and "3"; anything else as it is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value
