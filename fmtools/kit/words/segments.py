"""How a text divides into words and sentences, by the script it is written in. Light: the kernel imports it.

Chinese and Japanese have no blanks between words: there a character is a word, as their scores are commonly counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Script = Literal["ascii", "words", "zh", "ja", "characters"]
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = r"\u3040-\u30ff\uff66-\uff9f"
#: Thai, Lao, Tibetan, Burmese, Khmer: words without blanks between them.
_UNSPACED = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"
_ALONE = re.compile(f"[{_HAN}{_KANA}{_UNSPACED}]")
_WORD = re.compile(rf"[{_HAN}{_KANA}{_UNSPACED}]|[^\W_{_HAN}{_KANA}{_UNSPACED}]+")
_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)|[。！？；][”’」』）]*|\n+")
#: Texts that are looked at; a share of letters above which a script counts.
_SEEN, _SHARE = 2_000, 0.1


def script_of(texts: Iterable[str]) -> Script:
    """Say how texts are written: "zh", "ja", "characters" (others without blanks), "ascii", or "words" (the rest)."""
    sample = "".join(text for _, text in zip(range(_SEEN), texts, strict=False))
    letters = [c for c in sample if c.isalpha()]
    total = max(1, len(letters))
    if len(re.findall(f"[{_KANA}]", sample)) > _SHARE * total:
        return "ja"
    if len(re.findall(f"[{_HAN}]", sample)) > _SHARE * total:
        return "zh"
    if len(re.findall(f"[{_UNSPACED}]", sample)) > _SHARE * total:
        return "characters"
    return "ascii" if sum(not c.isascii() for c in letters) <= 0.002 * total else "words"


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation; a Han or kana character is a word of its own."""
    return _WORD.findall(text.lower())


def stands_alone(character: str) -> bool:
    """Say whether a character is a word of its own."""
    return _ALONE.fullmatch(character) is not None


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of a text, without the blanks around it."""
    found, start = [], 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            found.append((left, left + len(piece.strip())))
        start = end
    return found
