"""A piece of a text that is somebody's, and how pieces that overlap are settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...core.options.protect import KINDS

__all__ = ["KINDS", "Span", "settle", "widths"]

#: Full-width forms of ASCII, as Chinese keyboards type them, become ASCII; so does the ideographic space. One character
#: stays one character, so positions hold for the text as it was.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xA0: 0x20,
    0x2010: 0x2D,
    0x2011: 0x2D,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a text are personal data of a kind; `by` names what found them, `score` is in 0..1."""

    start: int
    end: int
    kind: str
    by: str
    score: float = 0.9


def widths(text: str) -> str:
    """Return the text with full-width ASCII made narrow; every position keeps its meaning."""
    return text.translate(_NARROW)


def settle(spans: Iterable[Span]) -> list[Span]:
    """Return spans without overlaps, by position. The surest (then the longest) one wins and covers all that overlapped it:
    a piece that any finder named is never left standing.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start)):
        touching = [other for other in kept if other.start < span.end and span.start < other.end]
        if not touching:
            kept.append(span)
            continue
        union = replace(
            touching[0],
            start=min(span.start, *(o.start for o in touching)),
            end=max(span.end, *(o.end for o in touching)),
        )
        kept = [other for other in kept if other not in touching] + [union]
    return sorted(kept, key=lambda s: s.start)
