"""What a worker held when it last looked, beside its lease: whoever is ended by SIGKILL cannot say why."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .files import read_bytes

#: Room for one note: it is written over in place, once a heartbeat, and never flushed for its own sake.
SIZE = 256


@dataclass(frozen=True)
class MemoryNote:
    """Bytes that a worker held, that were free for it, and of how many in all; the kernel's kills for memory by then.

    `group`: the limit is a control group's (a container's), not the machine's.
    """

    attempt: int
    held: int
    free: int
    total: int
    kills: int
    group: bool = False

    @property
    def ended_by_system(self) -> bool:
        """Whether all says that the kernel ended the worker for want of memory."""
        near = self.free < 0.05 * self.total
        return near or (kills() > self.kills and (self.free < 0.25 * self.total or self.held > 0.25 * self.total))


def write(folder: Path, note: MemoryNote) -> None:
    """Put the note into a run's folder. Raises OSError."""
    line = json.dumps(asdict(note)).encode().ljust(SIZE - 1) + b"\n"
    descriptor = os.open(folder / "memory.json", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, line, 0)
    finally:
        os.close(descriptor)


def read(folder: Path, attempt: int) -> MemoryNote | None:
    """Return what an attempt's worker held last; None when it said nothing, or was another attempt's."""
    try:
        note = MemoryNote(**json.loads(read_bytes(folder / "memory.json")))
    except (OSError, ValueError, TypeError):
        return None
    return note if note.attempt == attempt and all(type(v) in (int, bool) for v in asdict(note).values()) else None


def kills() -> int:
    """Return how many processes the kernel has ended for want of memory since the machine started; 0 where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0
