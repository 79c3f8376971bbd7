"""What a text and its answer look like, as counts that cannot be turned back into texts.

The server counts what it is asked, an export counts the held-out rows: both with these bins, so that they can be compared.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .meaning import part as part_of

#: Changes with the bins: counts of another version are not compared.
BINS = 1
#: Upper bounds of lengths in characters, a half octave each; the last bin is open.
LENGTHS = (
    4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 4096, 8192, 16384, 65536,
)  # fmt: skip
#: Lower bounds of scores: fine where a trained model's are.
SCORES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
#: Bins of a text's word of least checksum, and characters of a text that are looked at for words and script.
WORDS, LOOKED_AT = 16, 2000
#: What was answered when no label applies.
NONE = "(none)"
#: Kinds of counts, in the order of reports; of these the bins have an order.
KINDS = ("label", "score", "length", "script", "words", "meaning", "written")
ORDERED = frozenset(("score", "length", "written"))
#: Fields of answers that were written from a text.
WRITTEN = ("translation_text", "summary_text")

_WORD = re.compile(r"[㐀-䶿一-鿿぀-ヿ]|[^\W\d_㐀-䶿一-鿿぀-ヿ]+")
_SCRIPTS = (
    (0x41, "latin"), (0x250, "other"), (0x370, "greek"), (0x400, "cyrillic"), (0x530, "other"), (0x590, "hebrew"), (0x600, "arabic"),
    (0x780, "other"), (0x900, "devanagari"), (0x980, "other"), (0xE00, "thai"), (0xE80, "other"), (0x1100, "hangul"), (0x1200, "other"),
    (0x1E00, "latin"), (0x1F00, "greek"), (0x2000, "other"), (0x3040, "kana"), (0x3100, "other"), (0x3400, "han"), (0xA000, "other"),
    (0xAC00, "hangul"), (0xD7B0, "other"), (0xF900, "han"), (0xFB00, "other"), (0x20000, "han"), (0x32000, "other"),
)  # fmt: skip
_STARTS = [start for start, _ in _SCRIPTS]


class Tally:
    """Counts of texts and answers: {kind: {bin: count}}. `rows`: how many were counted. `middle`: where vectors are counted,
    see `meaning`; () = nowhere."""

    def __init__(self, middle: Sequence[float] = ()) -> None:
        self.rows, self.middle = 0, middle
        self.counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}

    def add(self, row: Mapping[str, Any], answer: Mapping[str, Any] | None = None) -> None:
        """Count a request's row (its text fields) and, where there is one, the answer that `fmtools predict` gives to it."""
        text = " ".join(value for value in row.values() if isinstance(value, str))
        self.rows += 1
        self.counts["length"][str(bisect_right(LENGTHS, len(text)))] += 1
        head = text[:LOOKED_AT]
        self.counts["script"][script(head)] += 1
        self.counts["words"][str(word_bin(head))] += 1
        if answer is not None:
            self.counts["label"].update(labels(answer))
            for name in WRITTEN:
                if name in answer:
                    self.counts["written"][str(bisect_right(LENGTHS, len(answer[name])))] += 1
            if self.middle and "embedding" in answer:
                self.counts["meaning"][str(part_of(answer["embedding"], self.middle))] += 1
            if (score := top_score(answer)) is not None:
                self.counts["score"][str(bisect_right(SCORES, score))] += 1

    def to_json(self) -> dict[str, Any]:
        """Return {"bins", "rows", kind: {bin: count}}, empty kinds left out."""
        return {"bins": BINS, "rows": self.rows, **{kind: dict(found) for kind, found in self.counts.items() if found}}


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of several tallies' JSON; those of other bins are left out."""
    whole = Tally()
    for part in parts:
        if part.get("bins") == BINS:
            whole.rows += int(part["rows"])
            for kind in KINDS:
                whole.counts[kind].update({str(name): int(count) for name, count in (part.get(kind) or {}).items()})
    return whole.to_json()


def labels(answer: Mapping[str, Any]) -> list[str]:
    """Return the labels that an answer gives: one, several, the entities' kinds, or whether a question was answered."""
    if "entities" in answer:
        return [str(one["entity_group"]) for one in answer["entities"]] or [NONE]
    if "labels" in answer:
        return [str(one) for one in answer["labels"]] or [NONE]
    if "label" in answer:
        return [str(answer["label"])]
    if "answer" in answer:
        return ["answered" if answer["answer"] else NONE]
    return []


def top_score(answer: Mapping[str, Any]) -> float | None:
    """Return how sure an answer is; the mean over its entities. None when it does not say."""
    if "entities" in answer:
        scores = [float(one["score"]) for one in answer["entities"]]
        return sum(scores) / len(scores) if scores else None
    score = answer.get("score")
    return float(score) if isinstance(score, int | float) else None


def script(text: str) -> str:
    """Return the writing system of most letters of a text; "none" without letters."""
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return "none"
    if text.isascii():
        return "latin"
    found = Counter(_SCRIPTS[max(0, bisect_right(_STARTS, ord(char)) - 1)][1] for char in letters)
    if found["kana"]:
        return "kana"  # Japanese stands in Chinese characters for the most part
    return found.most_common(1)[0][0]


def word_bin(text: str) -> int:
    """Return the bin of the word with the least checksum (a minimal hash), -1 without words.

    It says nothing of a single text, but its distribution over many changes when other words are used; and a text counts
    once, so that tests of independent draws hold.
    """
    least = min((zlib.crc32(word.lower().encode()) for word in _WORD.findall(text)), default=-1)
    return least % WORDS if least >= 0 else -1
