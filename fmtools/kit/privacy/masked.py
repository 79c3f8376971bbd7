"""Texts with [NAME], [MAIL] ... where personal data was found; see `detector` for what is found."""

from __future__ import annotations

from .cells import replaced
from .detector import find
from .spans import KINDS


def masked(texts: list[str]) -> list[str]:
    """Return texts in which every finding of every kind is its kind in brackets. Raises ModelError without the finders."""
    found = find(texts, frozenset(KINDS))
    return [
        replaced(text, [(span, f"[{span.kind.upper()}]") for span in spans])
        for text, spans in zip(texts, found, strict=True)
    ]
