"""Schemes of tags - IO, BIO1, BIO2, BIOES, BILOU, BMES - and bringing all of them to BIO2."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..reading.broken import Fault

STARTS, INSIDE, ENDS, SINGLES = "B", "IM", "EL", "SUW"
#: How a scheme is called, by the letters that only it has.
_NAMES = (("L", "BILOU"), ("U", "BILOU"), ("M", "BMES"), ("E", "BIOES"), ("S", "BIOES"), ("W", "BMEWO"))
ORPHAN = "entities that begin with I- without B-", "read as B-"
LOOSE_END = "entities that begin with E- or L-", "read as B-"
STRAY_BLANK = "blank lines inside an entity", "the sentence goes on behind them"

Tag = tuple[str, str]


def mixed(other: str, scheme: str) -> Fault:
    """Word that an entity is tagged in another scheme than the file."""
    return f"entities tagged as in {other}, in a file of {scheme} (mixed schemes)", "read as the same entities"


def split_tag(tag: str) -> Tag:
    """Return (letter, type) of a tag: ("B", "PER"), ("O", ""); a bare letter has the type ""."""
    return ("O", "") if tag in ("O", "o") else (tag[0].upper(), tag[2:])


@dataclass
class Census:
    """How the entities of a file begin and end: tells the scheme."""

    letters: Counter[str] = field(default_factory=Counter)
    #: Entities at whose beginning nothing of the same type stands before: with B-, with I-.
    free: Counter[str] = field(default_factory=Counter)
    #: Entities that end as in BIOES (S-, E-) and as in BIO (B-, I-).
    ends: Counter[str] = field(default_factory=Counter)

    def see(self, tags: list[Tag]) -> None:
        before: Tag = ("O", "")
        for place, (letter, kind) in enumerate(tags):
            self.letters[letter] += 1
            same = before[0] != "O" and before[1] == kind
            if letter in "BI" and not same:
                self.free[letter] += 1
            after = tags[place + 1] if place + 1 < len(tags) else ("O", "")
            if letter != "O" and not continues(after, kind):
                self.ends["BIOES" if letter in ENDS + SINGLES else "BIO"] += 1
            before = (letter, kind)

    @property
    def scheme(self) -> str:
        """The scheme that most of the entities follow."""
        closing = next((name for letter, name in _NAMES if self.letters[letter]), "")
        if closing and self.ends["BIOES"] >= self.ends["BIO"]:
            return closing
        if not self.letters["B"] and not self.letters["I"]:
            return "none" if not self.letters["O"] else "IO"
        return "BIO2" if self.free["B"] >= self.free["I"] and self.free["B"] else "BIO1"

    @property
    def other(self) -> str:
        """The scheme that some entities follow instead; "" when all follow one."""
        if not (self.ends["BIOES"] and self.ends["BIO"]):
            return ""
        closing = next((name for letter, name in _NAMES if self.letters[letter]), "BIOES")
        return closing if self.scheme.startswith("BIO") and self.scheme != "BIOES" else "BIO"


def continues(tag: Tag, kind: str) -> bool:
    """Say whether a tag goes on with an entity of that type."""
    return tag[0] in INSIDE + ENDS and tag[1] == kind


def to_bio2(
    tags: list[Tag], scheme: str, other: str, inside: Tag = ("O", "")
) -> tuple[list[str], list[tuple[int, Fault]]]:
    """Return the tags as BIO2, and (place, what is wrong there) of what does not follow the scheme.

    inside: the tag before the first one, where the sentence goes on with an entity.
    """
    found, before = list[str](), inside
    wrong: list[tuple[int, Fault]] = []
    for place, (letter, kind) in enumerate(tags):
        after = tags[place + 1] if place + 1 < len(tags) else ("O", "")
        goes_on = letter in INSIDE + ENDS and before[0] != "O" and before[0] not in ENDS + SINGLES and before[1] == kind
        if letter in INSIDE + ENDS and not goes_on and scheme != "BIO1":
            wrong.append((place, ORPHAN if letter in INSIDE else LOOSE_END))
        if other and letter != "O" and not continues(after, kind):
            closed = letter in ENDS + SINGLES
            if closed == (scheme in ("BIO1", "BIO2", "IO")):
                wrong.append((place, mixed(other, scheme)))
        found.append(_written("O" if letter == "O" else "I" if goes_on else "B", kind))
        before = (letter, kind)
    return found, wrong


def _written(letter: str, kind: str) -> str:
    return letter if letter == "O" or not kind else f"{letter}-{kind}"
