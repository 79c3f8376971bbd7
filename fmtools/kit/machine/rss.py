"""How much memory a process holds, and how much there is for it: the machine's, or its control group's. Cheap, no torch."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

CGROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")


def resident(pid: int | None = None) -> int:
    """Return the bytes of a process (this one when not given) that are in memory; 0 when it is gone."""
    try:
        pages = (PROC / str(pid or os.getpid()) / "statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return _psutil_resident(pid)


def _psutil_resident(pid: int | None) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


@dataclass(frozen=True)
class Room:
    """What a process may still take: `free` of `total` bytes.

    `group` says that the limit is a control group's (a container's), not the machine's.
    """

    free: int
    total: int
    group: bool = False


def room(cgroups: Path = CGROUPS) -> Room:
    """Return the room that is tightest: the machine's, or that of a control group this process is in."""
    import psutil

    memory = psutil.virtual_memory()
    found = Room(int(memory.available), int(memory.total))
    for folder in _groups(cgroups):
        limit, used = _number(folder, "memory.max", "memory.limit_in_bytes"), _used(folder)
        if limit is not None and used is not None and 0 < limit < found.total:
            found = min(found, Room(max(0, limit - used), limit, True), key=lambda each: each.free)
    return found


def _groups(cgroups: Path) -> list[Path]:
    """Return the folders of this process's memory control groups, innermost first; version 2, 1, and a container's root."""
    found: list[Path] = []
    with contextlib.suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "memory"):
                base = cgroups / kinds
                inner = base / path.lstrip("/")
                found += [inner, *(p for p in inner.parents if p == base or base in p.parents)]
    return [folder for folder in dict.fromkeys(found) if folder.is_dir()]


def _number(folder: Path, *names: str) -> int | None:
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None


def _used(folder: Path) -> int | None:
    """Return what a group holds, without the file cache that the kernel gives back by itself."""
    used = _number(folder, "memory.current", "memory.usage_in_bytes")
    cache = _counter(folder, "memory.stat", "total_inactive_file", "inactive_file")
    return None if used is None else max(0, used - cache)


def _counter(folder: Path, file: str, *names: str) -> int:
    """Return the first of these figures in a file of "name number" lines; 0 when none is there."""
    with contextlib.suppress(OSError, ValueError):
        pairs = dict(line.split()[:2] for line in (folder / file).read_text().splitlines() if " " in line)
        return next((int(pairs[name]) for name in names if name in pairs), 0)
    return 0
