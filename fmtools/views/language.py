"""The language of static cards: $FMTOOLS_LANG, else the system's locale; English or Chinese."""

from __future__ import annotations

import os
from functools import cache

from .words_zh import ZH


@cache
def _chinese() -> bool:
    wanted = next((v for k in ("FMTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "en")
    return wanted.lower().startswith("zh")


def is_chinese() -> bool:
    """Say whether the interface speaks Chinese; else it speaks English."""
    return _chinese()


def say(word: str) -> str:
    """Return a word of the interface in the user's language; unknown words stay English."""
    return ZH.get(word, word) if _chinese() else word
