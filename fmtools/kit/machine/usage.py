"""What this process takes, on the clock and in memory, and what its disk has left. No torch here."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import time
from pathlib import Path

from .rss import resident

#: Names of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def free_disk(folder: Path) -> int:
    """Return the bytes free on the disk of a folder, or of the nearest one above it that exists."""
    place = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    return int(shutil.disk_usage(place).free)


def peak_resident() -> int:
    """Return the most resident memory of this process so far; what it takes now where the system does not say."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) * 1024
    return resident()


def forget_peak() -> None:
    """Let `peak_resident` begin anew from here, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def give_back() -> None:
    """Give the heap's free pages back to the system (glibc): what is resident then is what is used."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_heap_tight() -> None:
    """Let glibc map blocks from half a megabyte on, and give free memory back early: batches of ever new lengths then leave
    no holes, at the price of some time. For runs whose memory is limited."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, 1 << 19)
        library.mallopt(_TRIM_THRESHOLD, 1 << 25)


class Clock:
    """Measures pairs [seconds on the clock, seconds of processor] from when it is made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def since(self) -> list[float]:
        """Return what has passed."""
        return [time.perf_counter() - self._wall, time.process_time() - self._processor]
