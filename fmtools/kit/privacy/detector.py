"""All finders together: texts in, spans out. Loads its libraries on first use; runs in the worker."""

from __future__ import annotations

import re
from importlib.util import find_spec

from ...core.errors import ModelError
from . import chinese, english
from .addresses import addresses
from .patterns import FINDERS, digits
from .spans import KINDS, Span, settle, widths

_LATIN = re.compile(r"[A-Za-zÀ-ɏ]{2}")
_NUMBERS = re.compile(r"\d(?:[ ().-]{0,2}\d){5}")
#: Kinds that need no library: found by their form alone.
BY_FORM = tuple(kind for kind in KINDS if kind != "name")
#: Texts longer than this are looked at in pieces, so that memory stays bounded.
PIECE = 20_000


def require(kinds: frozenset[str], mode: str = "mask", key: bool = False) -> None:
    """Raise ModelError, with the install line, when what is asked for needs what is not installed."""
    lacking = english.missing()
    if "name" in kinds and lacking:
        raise ModelError(
            f"Finding names needs {lacking}, which this environment does not have.",
            f"{english.INSTALL}; or look for the others alone: --kinds {','.join(BY_FORM)}.",
        )
    if mode == "stand-in" and find_spec("faker") is None:
        raise ModelError(
            "Stand-ins need faker, which this environment does not have.", f"{english.INSTALL}; or --mode mask."
        )
    if key and find_spec("cryptography") is None:
        raise ModelError(
            "A key needs cryptography, which this environment does not have.",
            f"{english.INSTALL}; or leave --keep-key out.",
        )


def find(texts: list[str], kinds: frozenset[str], hint: str = "") -> list[list[Span]]:
    """Return the personal data in each text, settled, by position. `hint` is what their column's name says, see `hints`."""
    require(kinds)
    narrow = [widths(text) for text in texts]
    found = [[span for part in _pieces(text) for span in _by_form(*part, kinds)] for text in narrow]
    if "name" in kinds:
        for spans, more in zip(found, _by_words(narrow, kinds), strict=True):
            spans.extend(more)
    hinted = _by_hint(narrow, found, hint) if hint.rstrip("?") in kinds else found
    return [_trim(text, settle(spans)) for text, spans in zip(narrow, hinted, strict=True)]


def _pieces(text: str) -> list[tuple[int, str]]:
    """Cut a long text, at white space or after a full stop where there is one, into (offset, piece)."""
    pieces, start = [], 0
    while len(text) - start > PIECE:
        cut = max(text.rfind(mark, start + PIECE // 2, start + PIECE) for mark in ("\n", "。", ". ", " "))
        end = cut + 1 if cut > 0 else start + PIECE
        pieces.append((start, text[start:end]))
        start = end
    return [*pieces, (start, text[start:])]


def _by_form(offset: int, text: str, kinds: frozenset[str]) -> list[Span]:
    spans = [span for kind, finder in FINDERS.items() if kind in kinds for span in finder(text)]
    spans += addresses(text) if "address" in kinds else []
    return [_moved(span, offset) for span in spans]


def _moved(span: Span, offset: int) -> Span:
    return Span(span.start + offset, span.end + offset, span.kind, span.by, span.score)


def _by_words(texts: list[str], kinds: frozenset[str]) -> list[list[Span]]:
    """Return names (and phone numbers, which presidio brings along) of every text."""
    pieces = [(number, offset, piece) for number, text in enumerate(texts) for offset, piece in _pieces(text)]
    found: list[list[Span]] = [[] for _ in texts]
    latin = [part for part in pieces if _LATIN.search(part[2]) or _NUMBERS.search(part[2])]
    for (number, offset, _), spans in zip(latin, english.find([part[2] for part in latin], kinds), strict=True):
        found[number] += [_moved(span, offset) for span in spans]
    for number, offset, piece in pieces:
        found[number] += [_moved(span, offset) for span in chinese.names(piece)]
    return found


def _by_hint(texts: list[str], found: list[list[Span]], hint: str) -> list[list[Span]]:
    """Take whole cells of a column that says what it holds. An unsure hint (`name?`) holds when most cells agree."""
    kind, sure = hint.rstrip("?"), not hint.endswith("?")
    if not sure:
        filled = [spans for text, spans in zip(texts, found, strict=True) if text.strip()]
        sure = bool(filled) and sum(any(s.kind == kind for s in spans) for spans in filled) >= len(filled) / 2
    if not sure:
        return found
    return [
        [*spans, Span(0, len(text), kind, "column", 0.99)] if _fits(text, kind) else spans
        for text, spans in zip(texts, found, strict=True)
    ]


def _fits(text: str, kind: str) -> bool:
    """Say whether a whole cell may be one value of a kind."""
    value = text.strip()
    if kind == "name":
        return bool(re.fullmatch(r"[^\W\d_](?:[^\W\d_]|[ .,'’·•-]){1,49}", value)) and len(value.split()) <= 6
    if kind in ("phone", "bank", "id"):
        return 6 <= len(digits(value)) <= 34 and len(value) <= 50
    return 5 <= len(value) <= 200 if kind == "address" else "@" in value and len(value) <= 254


def _trim(text: str, spans: list[Span]) -> list[Span]:
    """Leave white space at the ends outside."""
    trimmed = []
    for span in spans:
        part = text[span.start : span.end]
        start, end = span.start + len(part) - len(part.lstrip()), span.end - len(part) + len(part.rstrip())
        if start < end:
            trimmed.append(Span(start, end, span.kind, span.by, span.score))
    return trimmed
