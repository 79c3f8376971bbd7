"""Entities in the tags of a sentence, read as conlleval and seqeval do: also one that begins with I- counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OUTSIDE = "O"
#: Marks that begin an entity, and marks that end one.
BEGINS, ENDS = frozenset("BSU"), frozenset("ESLU")
#: How seqeval calls the type of a mark that has none.
NO_TYPE = "_"

Part = tuple[str, str]


@dataclass(frozen=True)
class Chunk:
    """An entity: tokens `first` to `last`, both included."""

    kind: str
    first: int
    last: int


def chunks(parts: Iterable[Part]) -> list[Chunk]:
    """Return the entities of one sentence, from (mark, type) pairs."""
    found: list[Chunk] = []
    kind, first, last = "", 0, -1
    opened = False
    for place, (mark, this) in enumerate(parts):
        goes_on = opened and mark != OUTSIDE and mark not in BEGINS and this == kind
        if opened and not goes_on:
            found.append(Chunk(kind, first, last))
            opened = False
        if mark == OUTSIDE:
            continue
        if not goes_on:
            kind, first, opened = this, place, True
        last = place
        if mark in ENDS:
            found.append(Chunk(kind, first, last))
            opened = False
    return [*found, Chunk(kind, first, last)] if opened else found


def entities_of(tags: Sequence[str], plain: bool) -> list[Chunk]:
    """Return the entities of tags that a `Reader` has written or a model has chosen."""
    if plain:
        return [Chunk(tag, place, place) for place, tag in enumerate(tags)]
    return chunks((tag[0], tag[2:] or NO_TYPE) if tag != OUTSIDE else (OUTSIDE, "") for tag in tags)
