"""Encodings that a user asks for by name: which codecs that means, and doubts that are said aloud."""

from __future__ import annotations

import codecs
import re

from ...core.errors import DataError
from ...core.options import nearest

#: Python's codec -> the larger one that most files of that name really are in.
LARGER = {
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "shift_jis": "cp932",
    "euc_kr": "cp949", "euc_jp": "euc_jis_2004", "iso2022_jp": "iso2022_jp_2",
}  # fmt: skip
#: Suggested for a misspelt name.
KNOWN = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk", "gb2312", "big5", "shift_jis",
    "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949", "latin-1", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254",
    "koi8_r", "iso8859_2", "iso8859_15", "mac_roman", "ascii",
)  # fmt: skip
#: Codecs that decode text, yet are no encodings of files.
_NO_FILES = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf-7"}


def asked(encoding: str, name: str) -> tuple[str, ...]:
    """Return the codecs to try for an encoding's name, in order. Raises DataError for a name that Python has not."""
    try:
        found = codecs.lookup(encoding.strip())
        if not getattr(found, "_is_text_encoding", True) or found.name in _NO_FILES:
            raise LookupError
    except (LookupError, ValueError):
        guess = nearest(encoding.replace(" ", ""), list(KNOWN), 0.5)
        cure = f"Did you mean {guess}?" if guess else f"For example: {', '.join(KNOWN[:10])}."
        raise DataError(f"There is no encoding {encoding[:40]!r} to read {name} in.", cure) from None
    larger = LARGER.get(found.name)
    return (found.name, larger) if larger else (found.name,)


def misread(data: bytes, text: str, codec: str) -> str:
    """Return a doubt, as a sentence after a blank, when the bytes look like another encoding than the one asked for."""
    if codec.startswith("utf"):
        return ""
    high = sum(byte > 0x7F for byte in data)
    wide = data.decode("utf-8", errors="ignore")
    valid = sum(len(letter.encode()) for letter in wide if letter > "\x7f")
    if valid and valid >= max(high / 2, high - 3):  # a sample may end within a character
        return " Its bytes are valid UTF-8: if characters look wrong, leave --encoding out."
    if codec in ("iso8859-1", "latin-1") and re.search("[\x80-\x9f]", text):
        return " It has bytes that Latin-1 does not use: it may be cp1252."
    return ""
