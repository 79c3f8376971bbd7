"""Rows whose tokens are marked: reading them in whatever form they are in, and writing decisions back. Light.

A marked row is (pieces, spans): pieces are (what stands before the token, the token), so that nobody counts characters
twice; spans are [first token, last token, kind].
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import DataError
from ..rows.marked_spans import KINDS, STARTS, STOPS, WORDS, BrokenSpan, Marked, spans_of
from ..rows.tag_columns import parts_of, read_json
from ..rows.tagging import OUTSIDE, Chunk, Reader, bio, entities_of, part_of, scheme_of
from ..words.division import Division, divide, is_wide, join
from .shape import LabelShape

Span = list[Any]
#: Texts that tell how texts are divided.
LOOKED_AT = 200


@dataclass
class MarkedRow:
    """One row: its text as pieces, what follows the last one, and its spans; `given` says whether it has tags at all."""

    pieces: list[tuple[str, str]]
    tail: str = ""
    spans: list[Span] = field(default_factory=list)
    given: bool = False
    fault: str = ""

    @property
    def tokens(self) -> list[str]:
        return [token for _, token in self.pieces]


class MarkedRows:
    """Reads rows of a shape, and writes tags in the form that the column has."""

    def __init__(self, shape: LabelShape, texts: Iterable[Any], tags: Iterable[Any]) -> None:
        self.shape = shape
        self.division: Division = _division(itertools.islice(texts, LOOKED_AT), shape.form)
        self.reader = Reader("marked")
        self.kinds: list[str] = []
        self.example: Any = None
        self._learn(tags)

    def _learn(self, column: Iterable[Any]) -> None:
        """Find the types of entities, and how tags or spans are written."""
        kinds: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        for value in column:
            if self.shape.form == "spans":
                rows = read_json(value) if isinstance(value, str) else value
                for row in rows or []:
                    self.example = self.example or row
                    kinds.update(_kind_of(row))
            elif value is not None:
                tags.update(str(tag).strip() for tag in (parts_of(value) if isinstance(value, str) else value))
        if tags and all(tag.lstrip("-").isdecimal() for tag in tags):
            raise DataError(
                f"The tags in column {self.shape.label!r} are numbers, and nothing says what they stand for.",
                "Give them as texts such as B-PER, or pass a datasets object whose feature has their names.",
            )
        if tags:
            self.reader = Reader(scheme_of(tags))
            parts = [part_of(tag, self.reader.scheme) for tag in tags]
            kinds.update(dict.fromkeys((kind for mark, kind in parts if mark != OUTSIDE and kind), 1))
        self.kinds = sorted(kinds)

    def read(self, value: Any, tags: Any) -> MarkedRow:
        """Return a row; one that cannot be read has a `fault`, and no spans."""
        if self.shape.form in ("lists", "blanks"):
            tokens = parts_of(value) if isinstance(value, str) else [str(t or "") for t in value or []]
            text, places = join(tokens, self.division)
            row = _pieces(text, places)
            return self._with_tags(row, parts_of(tags) if isinstance(tags, str) else tags)
        text = "" if value is None else str(value)
        try:
            marked = spans_of(text, tags) if self.shape.form == "spans" else []
        except BrokenSpan as error:
            return MarkedRow(_pieces(text, divide(text, self.division)).pieces, "", [], True, str(error))
        return self._with_spans(text, marked, given=self.shape.form == "spans" and tags is not None)

    def _with_tags(self, row: MarkedRow, tags: list[Any] | None) -> MarkedRow:
        if not tags:
            return row
        row.given = True
        if len(tags) != len(row.pieces):
            row.fault = f"{len(row.pieces)} tokens and {len(tags)} tags"
            return row
        plain = [OUTSIDE if tag is None else str(tag).strip() or OUTSIDE for tag in tags]
        found = entities_of(self.reader(plain), self.reader.plain)
        row.spans = [[chunk.first, chunk.last, chunk.kind] for chunk in found if chunk.kind != OUTSIDE]
        return row

    def _with_spans(self, text: str, marked: list[Marked], given: bool) -> MarkedRow:
        """Divide a text into words; a word that a span cuts becomes two, so that the span can be shown."""
        cuts = {place for span in marked for place in (span.start, span.end)}
        places = [
            part
            for a, b in divide(text, self.division)
            for part in itertools.pairwise([a, *(n for n in range(a + 1, b) if n in cuts), b])
        ]
        row = _pieces(text, places)
        row.given = given
        inside = [[n for n, (a, b) in enumerate(places) if a >= s.start and b <= s.end] for s in sorted(marked)]
        row.spans = [[found[0], found[-1], s.kind] for found, s in zip(inside, sorted(marked), strict=True) if found]
        return row

    def write(self, row: MarkedRow, spans: list[Span]) -> Any:
        """Return the cell for these spans of a row: BIO2 tags, or spans written as the column's others are."""
        if self.shape.form != "spans":
            tags = self._tags(row, spans)
            return " ".join(tags) if self.shape.form == "blanks" else tags
        ends = list(itertools.accumulate(len(gap) + len(token) for gap, token in row.pieces))
        text = "".join(gap + token for gap, token in row.pieces)
        found = []
        for first, last, kind in sorted(spans):
            start, end = ends[first] - len(row.pieces[first][1]), ends[last]
            found.append(_like(self.example, start, end, kind, text[start:end]))
        return found

    def _tags(self, row: MarkedRow, spans: list[Span]) -> list[str]:
        if not self.reader.plain:
            return bio(len(row.pieces), [Chunk(kind, first, last) for first, last, kind in spans])
        tags = [OUTSIDE] * len(row.pieces)
        for first, last, kind in spans:
            tags[first : last + 1] = [kind] * (last + 1 - first)
        return tags

    def rewritten(self, tags: Any) -> Any:
        """Return the tags of a row nobody touched in the form that touched rows are written in."""
        if self.shape.form not in ("lists", "blanks") or self.reader.scheme in ("marked", "plain") or not tags:
            return tags
        found = self.reader([str(tag) for tag in (parts_of(tags) if isinstance(tags, str) else tags)])
        return " ".join(found) if self.shape.form == "blanks" else found


def checked(spans: Any, size: int) -> list[Span]:
    """Return spans that came from outside, in order. Raises DataError for what does not fit `size` tokens or overlaps."""
    found: list[Span] = []
    for span in spans if isinstance(spans, list) else [spans]:
        if not _fits(span, size):
            raise DataError(f"A marked span does not fit the row: {span!r}.", "Mark it again.")
        first, last, kind = span
        found.append([first, last, kind.strip()])
    found.sort()
    if any(a[1] >= b[0] for a, b in itertools.pairwise(found)):
        raise DataError("Two marked spans overlap.", "Remove one of them.")
    return found


def _fits(span: Any, size: int) -> bool:
    if not isinstance(span, list | tuple) or len(span) != 3 or not isinstance(span[2], str) or not span[2].strip():
        return False
    numbers = all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < size for n in span[:2])
    return numbers and span[0] <= span[1]


def found_by(entities: list[dict[str, Any]], row: MarkedRow) -> list[Span]:
    """Return a model's entities (offsets into the text of the row) as spans of its tokens."""
    text = "".join(gap + token for gap, token in row.pieces)
    places, at = [], 0
    for gap, token in row.pieces:
        places.append((at + len(gap), at + len(gap) + len(token)))
        at += len(gap) + len(token)
    spans, free = [], 0
    for entity in sorted(entities, key=lambda e: int(e["start"])):
        inside = [n for n, (a, b) in enumerate(places) if a < entity["end"] and b > entity["start"] and n >= free]
        if inside and entity["end"] <= len(text):
            spans.append([inside[0], inside[-1], str(entity["entity_group"]), round(float(entity["score"]), 4)])
            free = inside[-1] + 1
    return spans


def _pieces(text: str, places: list[tuple[int, int]]) -> MarkedRow:
    pieces, at = [], 0
    for start, end in places:
        pieces.append((text[at:start], text[start:end]))
        at = end
    return MarkedRow(pieces, text[at:])


def _division(texts: Iterable[Any], form: str) -> Division:
    from ..words.division import division_of

    if form in ("lists", "blanks"):
        return division_of([parts_of(t) if isinstance(t, str) else [str(x or "") for x in t or []] for t in texts])
    letters = [c for text in texts for c in str(text or "") if not c.isspace()]
    return "characters" if sum(map(is_wide, letters)) > 0.7 * len(letters) > 0 else "words"


def _kind_of(row: Any) -> list[str]:
    if isinstance(row, dict):
        lowered = {str(name).lower(): value for name, value in row.items()}
        kind = next((lowered[name] for name in KINDS if name in lowered), None)
        kind = kind[0] if isinstance(kind, list | tuple) and kind else kind
    else:
        kind = row[2] if isinstance(row, list | tuple) and len(row) >= 3 else None
    return [str(kind)] if kind else []


def _like(example: Any, start: int, end: int, kind: str, word: str) -> Any:
    """Return a span written as `example` is: the same names, or a list of three."""
    if isinstance(example, list | tuple):
        return [start, end, kind]
    names = list(example) if isinstance(example, dict) else ["start", "end", "label"]
    values = ((STARTS, start), (STOPS, end), (KINDS, kind), (WORDS, word))
    found: dict[str, Any] = {}
    for known, value in values:
        name = next((n for k in known for n in names if n.lower() == k), None)
        if name is not None:
            old = example.get(name) if isinstance(example, dict) else None
            found[name] = [value] if isinstance(old, list) else str(value) if isinstance(old, str) else value
    return found
