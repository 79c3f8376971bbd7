"""Rows that look wrong: empty, far too long, broken characters, markup, mostly digits, one letter over and over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .clean import has_control, has_markup

#: Examples of each kind.
EXAMPLES = 3
# What UTF-8 looks like when it was read as Latin-1 or Windows-1252, and what GBK makes of replaced characters.
_MOJIBAKE = re.compile(
    "Ã[\x80-\xbf©¨¤¶¼±§³¡«ƒ‚€™š]|Â[\xa0-\xbf]|â€[™œ“”˜¦¢\x9d]|ï¿½|\ufffd|Ð[\xb0-\xbf][ÐÑ]|[åæçèé][\x80-\xbf¤¥¦§¨©ˆ‰Š‹Œ][\x80-\xbf¡-¿]|锟斤拷|烫烫烫"
)
_LETTER, _DIGIT = re.compile(r"[^\W_]"), re.compile(r"\d")
_REPEATED = re.compile(r"(\w)\1{6,}|([^\w\s])\2{9,}")
_URL_ONLY = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
#: A text is far too long when it is so many times longer than 95 of 100 are.
TIMES = 5


@dataclass
class Odd:
    """Rows of one kind: how many a split, and some of them as (split, row from 0, text)."""

    what: str
    rows: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[str, int, str]] = field(default_factory=list)

    def add(self, split: str, row: int, text: str) -> None:
        self.rows[split] = self.rows.get(split, 0) + 1
        if len(self.examples) < EXAMPLES:
            self.examples.append((split, row, text[:200]))


def reasons(text: str, longest: int) -> list[str]:
    """Return why a text is odd; an empty list for one that is not. `longest` in characters."""
    if not text.strip():
        return ["no text"]
    if not _LETTER.search(text):
        return ["no letter or digit"]
    digits = len(_DIGIT.findall(text))
    letters = len(_LETTER.findall(text)) if digits or len(text) < 20 else len(text)  # counting costs most of the time
    found = [f"more than {longest:,} characters"] if len(text) > longest else []
    found += ["a single letter or digit"] if letters == 1 else []
    found += ["broken characters (mojibake)"] if _MOJIBAKE.search(text) else []
    found += ["control characters"] if has_control(text) else []
    found += ["HTML"] if has_markup(text) else []
    found += ["mostly digits"] if letters >= 4 and 2 * digits > letters else []
    found += ["one character over and over"] if _REPEATED.search(text) else []
    found += ["only a web address"] if _URL_ONLY.fullmatch(text) else []
    return found


def survey(texts: Iterable[tuple[str, int, str]], p95: int) -> list[Odd]:
    """Return what is odd among (split, row, text), the most frequent first. `p95`: 95 of 100 texts are no longer."""
    longest = max(50, TIMES * p95)
    found: dict[str, Odd] = {}
    for split, row, text in texts:
        for why in reasons(text, longest):
            found.setdefault(why, Odd(why)).add(split, row, text)
    return sorted(found.values(), key=lambda odd: -sum(odd.rows.values()))


def tag_counts(tags: Iterable[Sequence[object] | None]) -> tuple[dict[str, int], dict[str, int]]:
    """Return (tokens by tag, entities by type) of rows of BIO or BIOES tags, the most frequent first."""
    by_tag: dict[str, int] = {}
    by_type: dict[str, int] = {}
    for row in tags:
        before = "O"
        for tag in map(str, row or ()):
            by_tag[tag] = by_tag.get(tag, 0) + 1
            prefix, dash, kind = tag.partition("-")
            if dash and (prefix in ("B", "S", "U") or before.partition("-")[2] != kind):
                by_type[kind] = by_type.get(kind, 0) + 1
            before = tag
    return _ranked(by_tag), _ranked(by_type)


def _ranked(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
