"""Texts with gaps, as people write them."""

from __future__ import annotations

import re

#: What stands for a gap: the usual mask tokens, or three underscores and more.
GAP = re.compile(r"\[MASK\]|<mask>|_{3,}")


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
