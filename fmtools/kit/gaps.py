"""Texts with gaps, as people write them. Light: the kernel imports it."""

from __future__ import annotations

import re
from typing import Any

from ..core.contracts import Dataset
from ..core.errors import FmError
from ..core.options import PredictOptions
from . import inputs

#: What stands for a gap: the usual mask tokens, or three underscores and more.
GAP = re.compile(r"\[MASK\]|<mask>|_{3,}")


def of(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"text": ...} for each typed text and each row. Raises FmError for a text without a gap."""
    found = inputs.texts(options, data, meta.get("text_column"))
    whole = next((place for place, row in enumerate(found, 1) if not GAP.search(row["text"])), None)
    if whole is not None:
        shown = found[whole - 1]["text"][:60]
        raise FmError(f"Text {whole} has no gap to fill: {shown!r}.", "Write ___ or [MASK] where a word is missing.")
    return found


def filled(text: str, words: list[str]) -> str:
    """Return the text with a word in each gap; a word's own blank is left out where there is one already."""
    left = iter(words)
    parts: list[str] = []
    for i, part in enumerate(GAP.split(text)):
        if i:
            word = next(left, "___")
            before = "".join(parts)[-1:]
            parts.append(word.lstrip() if not before or before.isspace() else word)
        parts.append(part)
    return "".join(parts)
