"""What a stage sees of the outside: the run's log, its control records, its attention file, its heartbeat."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..core.events import AttentionEvent, Control, NoticeEvent, Record
from ..kit.machine import rss
from ..store import followers, lease, memory_note
from ..store.controls import ControlReader
from ..store.files import write_all
from ..store.log import LogReader, LogWriter


class RunContext:
    """One attempt at one run. Use as `with open_context(folder, attempt) as context`."""

    def __init__(
        self, folder: Path, attempt: int, obeyed: Iterable[str] = (), on_emit: Callable[[], None] | None = None
    ) -> None:
        self.folder, self.attempt, self._on_emit = folder, attempt, on_emit
        reader = LogReader(folder / "events")
        reader.read()
        self.log = LogWriter(folder / "events", attempt, reader.last_seq + 1)
        self._controls = ControlReader(folder, obeyed)
        self._own: list[Control] = []
        self._attention: int | None = None
        self._warned = False
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="fmtools-heartbeat", daemon=True)
        self._heart.start()

    def emit(self, event: Record) -> int:
        """Append an event to the log and return its seq."""
        record = event.model_dump(exclude={"seq"})
        seq = self.log.append({**record, "t": time.time(), "attempt": self.attempt})
        if self._on_emit is not None:
            self._on_emit()
        return seq

    def controls(self) -> Iterable[Control]:
        """Return what was wished since the last call, by files or by a signal to this process."""
        own, self._own = self._own, []
        return own + self._controls.read()

    def ask(self, control: Control) -> None:
        """Wish something from within this process (a signal handler)."""
        self._own.append(control)

    def flush(self) -> None:
        """Return when every event so far is on the disk; raise OSError when it cannot be."""
        self.log.sync()

    def attention(self, step: int, probe: int, text: str, tokens: list[str], weights: Any) -> None:
        """Append a snapshot as uint8 [layers, heads, n, n], 255 = 1.0 (error at most 0.002), and log where it lies."""
        layers, heads = weights.shape[:2]
        data = (weights * 255.0 + 0.5).astype("uint8").tobytes()
        path = self.log.path.with_suffix(".attention")
        try:
            if self._attention is None:
                self._attention = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            offset = os.lseek(self._attention, 0, os.SEEK_END)
            write_all(self._attention, data)
        except OSError as error:
            self._warn(f"Attention snapshots are not kept: {(error.strerror or str(error)).lower()}.")
            return
        event = AttentionEvent(
            step=step,
            probe=probe,
            text=text,
            tokens=tokens,
            layers=layers,
            heads=heads,
            file=path.name,
            offset=offset,
            length=len(data),
        )
        self.emit(event)

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            self.emit(NoticeEvent(text=text, level="warning"))

    def _beat(self) -> None:
        while not self._ended.wait(lease.BEAT):
            # A disk that refuses is said by the log itself; the heart must go on beating.
            with contextlib.suppress(OSError):
                lease.beat(self.folder, self.attempt)
                memory_note.write(self.folder, _memory(self.attempt))
            with contextlib.suppress(OSError):
                self.log.sync()
            with contextlib.suppress(OSError):
                for said in followers.complaints(self.folder):
                    self.emit(NoticeEvent(text=said, level="warning"))

    def close(self) -> None:
        self._ended.set()
        self._heart.join()
        self.log.close()
        if self._attention is not None:
            os.close(self._attention)


def _memory(attempt: int) -> memory_note.MemoryNote:
    room = rss.room()
    return memory_note.MemoryNote(attempt, rss.resident(), room.free, room.total, memory_note.kills(), room.group)


@contextlib.contextmanager
def open_context(
    folder: Path, attempt: int, obeyed: Iterable[str] = (), on_emit: Callable[[], None] | None = None
) -> Iterator[RunContext]:
    """Open the log of one attempt, with its heartbeat, and close both.

    `obeyed` names control records of earlier attempts; `on_emit` is called after each event (inline runs).
    """
    context = RunContext(folder, attempt, obeyed, on_emit)
    try:
        yield context
    finally:
        context.close()
