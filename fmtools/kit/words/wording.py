"""Texts cut into words and put together again, and the small changes that make another text of the same meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3041-\u30ff"
#: A word, a single Chinese or Japanese character, blanks, or one other sign: together they are the text.
_PIECE = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+(?:['’\-][^\W{_HAN}]+)*|\s+|[^\w\s]|_")
_IS_WORD = re.compile(r"\w")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
#: Letters that lie beside each other on a keyboard.
BESIDE = {
    letter: [row[n] for n in (i - 1, i + 1) if 0 <= n < len(row)] for row in _ROWS for i, letter in enumerate(row)
}


def pieces(text: str) -> list[str]:
    """Cut a text into words, blanks and signs; joined they are the text. Chinese is cut into characters."""
    return _PIECE.findall(text)


def word_places(parts: list[str]) -> list[int]:
    """Return the places of the words among the pieces."""
    return [place for place, part in enumerate(parts) if _IS_WORD.match(part)]


def drop_words(text: str, rate: float, random: Any) -> str:
    """Return the text with a share of its words left out: one at least, and one stays."""
    parts = pieces(text)
    places = word_places(parts)
    count = min(len(places) - 1, max(1, round(rate * len(places))))
    if count < 1:
        return text
    gone = {places[int(n)] for n in random.permutation(len(places))[:count]}
    return _tidy("".join(part for place, part in enumerate(parts) if place not in gone))


def swap_words(text: str, rate: float, random: Any) -> str:
    """Return the text with a share of its neighbouring words exchanged: one pair at least."""
    parts = pieces(text)
    places = word_places(parts)
    pairs = [n for n in range(len(places) - 1) if parts[places[n]] != parts[places[n + 1]]]
    for n in random.permutation(len(pairs))[: max(1, round(rate * len(places) / 2))]:
        a, b = places[pairs[int(n)]], places[pairs[int(n)] + 1]
        parts[a], parts[b] = parts[b], parts[a]
    return "".join(parts)


def slips(text: str, rate: float, random: Any) -> str:
    """Return the text with slips of the keyboard in a share of its letters, one at least; digits stay."""
    letters = [place for place, sign in enumerate(text) if sign.isalpha()]
    if len(letters) < 2:
        return text
    count = max(1, round(rate * len(letters)))
    signs = list(text)
    for n in random.permutation(len(letters))[:count]:
        place = letters[int(n)]
        signs[place] = _slip(signs, place, int(random.integers(4)), random)
    return "".join(signs)


def _slip(signs: list[str], place: int, kind: int, random: Any) -> str:
    sign = signs[place]
    beside = BESIDE.get(sign.lower())
    if kind == 0:
        return ""
    if kind == 1:
        return sign * 2
    if kind == 2 and place + 1 < len(signs) and signs[place + 1].isalpha():
        other, signs[place + 1] = signs[place + 1], sign
        return other
    if beside:
        hit = beside[int(random.integers(len(beside)))]
        return hit.upper() if sign.isupper() else hit
    return sign * 2


def replace_words(text: str, known: dict[str, list[str]], rate: float, random: Any) -> str:
    """Return the text with a share of the words that have synonyms replaced, one at least; the text when none has.

    `known` has words in small letters; phrases and Chinese words of several characters are found, the longest first.
    """
    found = matches(text, known)
    if not found:
        return text
    chosen = {int(n) for n in random.permutation(len(found))[: max(1, round(rate * len(found)))]}
    out, end = [], 0
    for place, (start, stop, word) in enumerate(found):
        if place in chosen:
            choices = known[word]
            other = choices[int(random.integers(len(choices)))]
            out += [text[end:start], _as_written(other, text[start:stop])]
            end = stop
    return "".join([*out, text[end:]])


def matches(text: str, known: dict[str, list[str]], longest: int = 5) -> list[tuple[int, int, str]]:
    """Return (start, end, word) of every known word or phrase in a text, the longest first, without overlaps."""
    parts = pieces(text)
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    found, place = [], 0
    while place < len(parts):
        for width in range(min(2 * longest, len(parts) - place), 0, -1):
            word = "".join(parts[place : place + width]).lower()
            if word in known:
                found.append((starts[place], starts[place + width], word))
                place += width - 1
                break
        place += 1
    return found


def _as_written(word: str, old: str) -> str:
    if old.isupper() and len(old) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if old[:1].isupper() else word


def join(first: str, second: str) -> str:
    """Put two texts one after the other: with a blank, unless Chinese meets Chinese."""
    han = re.compile(rf"[{_HAN}，。！？；：]")
    close = first[-1:] and second[:1] and han.match(first[-1]) and han.match(second[0])
    return f"{first}{'' if close else ' '}{second}"


def half(text: str, last: bool) -> str:
    """Return the first or the last half of a text's words."""
    parts = pieces(text)
    places = word_places(parts)
    if len(places) < 2:
        return text
    middle = places[len(places) // 2]
    return "".join(parts[middle:] if last else parts[:middle]).strip()


def _tidy(text: str) -> str:
    return re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r"[^\S\n]{2,}", " ", text)).strip()


Maker = Callable[[str], str]
