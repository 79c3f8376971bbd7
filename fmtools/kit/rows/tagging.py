"""Tags of tokens: which scheme they are in, their entities, and one form for all of them (BIO2).

BIO (IOB1, IOB2), BIOES, BILOU and BMES mark entities with a letter before the type; IO marks with the type alone; tags of
parts of speech mark nothing. Entities are read as conlleval and seqeval do: also an entity that begins with I- counts.
Light: the kernel imports it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from ...core.errors import DataError
from ...serving.reading.chunks import NO_TYPE, OUTSIDE, Chunk, Part, chunks
from ...serving.reading.chunks import entities_of as entities_of

#: A mark and a type: B-PER, I_LOC; or the other way round: PER-B.
MARKED, BEHIND = re.compile(r"([BIESLUM])[-_](.+)"), re.compile(r"(.+)[-_]([BIESLUM])")

Scheme = Literal["marked", "behind", "bare", "types", "plain"]


def scheme_of(counts: Counter[str]) -> Scheme:
    """Say what the tags of a data set are, from how often each stands.

    "marked": B-PER. "behind": PER-B. "bare": B, I without types. "types": PER, with O between. "plain": each token has a
    tag of its own, as parts of speech. Raises DataError for a tag that does not fit the others.
    """
    rest = [tag for tag in counts if tag != OUTSIDE]
    if rest and "B" in rest and all(len(tag) == 1 and tag in "BIESLUM" for tag in rest):
        return "bare"
    shapes: tuple[tuple[Scheme, re.Pattern[str]], ...] = (("marked", MARKED), ("behind", BEHIND))
    for name, shape in shapes:
        fits = [tag for tag in rest if shape.fullmatch(tag)]
        if fits and len(fits) == len(rest):
            return name
        if sum(counts[tag] for tag in fits) > 0.5 * sum(counts[tag] for tag in rest):
            odd = next(tag for tag in rest if tag not in fits)
            raise DataError(
                f"The tag {odd!r} ({counts[odd]:,} ×) has no mark, the others have, such as {fits[0]!r}.",
                "Write every tag as B-TYPE, I-TYPE or O.",
            )
    return "types" if OUTSIDE in counts else "plain"


def part_of(tag: str, scheme: Scheme) -> Part:
    """Return (mark, type) of a tag; ("O", "") outside of entities; ("S", tag) where each token stands alone."""
    if scheme == "plain":
        return "S", tag
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if scheme == "types":
        return "I", tag
    if scheme == "bare":
        return tag, NO_TYPE
    found = (MARKED if scheme == "marked" else BEHIND).fullmatch(tag)
    if found is None:
        raise DataError(f"The tag {tag!r} is neither O nor a mark and a type.", "Write it as B-TYPE or I-TYPE.")
    return (found[1], found[2]) if scheme == "marked" else (found[2], found[1])


def bio(size: int, entities: Iterable[Chunk]) -> list[str]:
    """Write entities as the tags of `size` tokens: B-TYPE, I-TYPE, O."""
    tags = [OUTSIDE] * size
    for chunk in entities:
        tags[chunk.first] = f"B-{chunk.kind}"
        for place in range(chunk.first + 1, chunk.last + 1):
            tags[place] = f"I-{chunk.kind}"
    return tags


class Reader:
    """Reads the tags of one data set: whatever scheme they are in, BIO2 (or plain tags) comes out.

    `changed` counts the tags that were written anew.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.changed = 0
        self._parts: dict[str, Part] = {}

    @property
    def plain(self) -> bool:
        """Whether each token stands alone: no entities of several tokens."""
        return self.scheme == "plain"

    def __call__(self, tags: Sequence[str]) -> list[str]:
        """Return the tags of a sentence in one form."""
        if self.plain or set(tags) == {OUTSIDE}:
            return list(tags)
        found = bio(len(tags), chunks(map(self._part, tags)))
        self.changed += sum(a != b for a, b in zip(tags, found, strict=True))
        return found

    def _part(self, tag: str) -> Part:
        part = self._parts.get(tag)
        if part is None:
            part = self._parts[tag] = part_of(tag, self.scheme)
        return part

    def notices(self) -> list[str]:
        """Say what was done to the tags."""
        if self.plain:
            return ["The tags mark no entities (no B-, I- or O): each token is scored by itself."]
        if self.scheme == "types" and self.changed:
            return ["The tags have types without B- and I-: neighbours of one type were taken as one entity."]
        said = f"{self.changed:,} tags were written as B-TYPE and I-TYPE (BIO2); the entities are the same."
        return [said] if self.changed else []


def names_of(tags: Iterable[str], plain: bool) -> list[str]:
    """Return the tags a model has to know, in order: O, then B- and I- of each type that occurs; or the plain tags."""
    from .labels import natural

    seen = set(tags)
    if plain:
        return sorted(seen, key=natural)
    kinds = sorted({tag[2:] for tag in seen if tag != OUTSIDE}, key=natural)
    return [OUTSIDE, *(f"{mark}-{kind}" for kind in kinds for mark in "BI")]
