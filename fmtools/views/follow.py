"""One run, followed: its log read piece by piece into a reducer. What server, notebook and command line share."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from re import compile as pattern
from typing import Any

from ..core.errors import StoreError
from ..core.events import ENDED
from ..core.wire import Head, Increment, RunSummary
from ..store import memory_note
from ..store.log import LogReader
from ..store.runs import RunFolder
from .reduce import Reducer
from .values import text, whole
from .words import memory_words

#: Bytes of log read at a time, so that a huge log never lies in memory as a whole.
PIECE = 4 << 20
_FRAME_FILE = pattern(r"\d{4}-[0-9A-Z]{26}\.attention")


@dataclass(frozen=True)
class Place:
    """Where a snapshot lies: `file`[`offset`:`offset`+`length`] in the run's events/, uint8 [layers, heads, n, n]."""

    file: str
    offset: int
    length: int
    layers: int
    heads: int

    @property
    def size(self) -> int:
        """n, the number of tokens."""
        return isqrt(self.length // (self.layers * self.heads))


class RunView:
    """A run's log and state. Not thread-safe: one caller at a time. Raises StoreError when run.json is damaged."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.reducer = Reducer(run.record.model_dump())
        self.alive = False
        self._reader = LogReader(run.events)
        self._places: dict[int, Place] = {}

    def update(self) -> bool:
        """Look whether the worker lives and read what is new; say whether anything changed."""
        # Liveness first: once nobody works on the run, what is read afterwards is all there will be.
        before, self.alive = self.alive, self.run.alive()
        grown = self.read()
        if not self.alive and self.reducer.status not in ENDED:
            self.reducer.memory = self._want_of_memory()
        return grown or before != self.alive

    def _want_of_memory(self) -> str:
        """Return what to say of a worker that the system ended for want of memory; "" when nothing speaks for it."""
        note = memory_note.read(self.run.path, self.reducer.attempt)
        if note is None or not note.ended_by_system:
            return ""
        batch = self.run.record.options.get("batch_size")
        return memory_words(note.held, note.free, note.total, note.group, batch if isinstance(batch, int) else 0)

    def read(self) -> bool:
        """Read what is new in the log; say whether there was anything."""
        grown = False
        while records := self._reader.read(PIECE):
            self._note_places(records)
            self.reducer.feed(records)
            grown = True
        return grown

    def grew(self) -> bool:
        """Say, by the files' sizes alone, whether the log holds something unread."""
        return self._reader.unread()

    @property
    def lost(self) -> int:
        """How many records are damaged or were torn off with their writer."""
        return self._reader.lost + self._reader.torn(alive=self.alive)

    def increment(self, since: int = 0, generation: int | None = None, *, max_points: int | None = None) -> Increment:
        """Return what happened after `since`, as of the last `update`."""
        facts: dict[str, Any] = {"alive": self.alive, "now": time.time(), "lost": self.lost}
        return self.reducer.increment(since, generation, max_points=max_points, **facts)

    def head(self) -> Head:
        return self.reducer.head(self.alive, time.time(), self.lost)

    def summary(self) -> RunSummary:
        return self.reducer.summary(self.alive, time.time(), self.lost)

    def place(self, seq: int) -> Place | None:
        """Return where the attention snapshot of the event `seq` lies; None when there is none."""
        return self._places.get(seq)

    def frame(self, seq: int) -> bytes:
        """Return a snapshot's bytes, uint8 [layers, heads, n, n]. Raises StoreError when they are not there."""
        place = self._places.get(seq)
        if place is None:
            raise StoreError(f"Run {self.run.id} has no attention snapshot {seq}.", "")
        return read_frame(self.run.events, place)

    def _note_places(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            if record.get("type") == "attention" and (place := _place(record)) is not None:
                self._places[record["seq"]] = place


def _place(record: dict[str, Any]) -> Place | None:
    """Read a snapshot's place from its event; None unless everything about it is plausible."""
    try:
        numbers = [whole(record[key]) for key in ("offset", "length", "layers", "heads")]
        place = Place(text(record["file"]), *numbers)
    except (KeyError, TypeError, OverflowError):
        return None
    if place.offset < 0 or min(numbers[1:]) < 1 or not _FRAME_FILE.fullmatch(place.file):
        return None
    return place if place.layers * place.heads * place.size**2 == place.length else None


def read_frame(events: Path, place: Place) -> bytes:
    """Read a snapshot's bytes. Links are not followed: a planted one must not show what lies outside the store."""
    gone = StoreError(
        "The snapshot's bytes are not in the store.", "Curves and other snapshots are not touched by this."
    )
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    if not _FRAME_FILE.fullmatch(place.file) or events.is_symlink():
        raise gone
    try:
        descriptor = os.open(events / place.file, flags)
    except OSError:
        raise gone from None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or facts.st_size < place.offset + place.length:
            raise gone
        file.seek(place.offset)
        return file.read(place.length)
