"""--memory-limit: a worker that takes more than it may ends, and says what to do. The memory is the machine's, or a kernel's.

A watchdog looks at what is resident, since that is what others on the machine go without. A limit of the system on data
(RLIMIT_DATA) stands behind it for the one allocation that is too large by far: it fails before it is made. It counts
what is reserved, too, so it leaves room beyond the limit.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

from ..core.errors import FmError, out_of_memory
from ..core.events import Control, ErrorEvent, NoticeEvent, StatusEvent
from ..core.quantities import size_bytes
from ..kit import memory_advice, rss
from .context import RunContext

#: Seconds between two looks. Memory is taken at some GB a second at most.
LOOK = 0.02
#: What may be reserved beyond the limit without being used: bytes, and a share of the limit.
RESERVED, SHARE = 512_000_000, 0.25


class MemoryWatch:
    """Watches this process for a run with --memory-limit; does nothing for one without. Use as a context manager.

    `ends`: the process belongs to the run alone and may be ended at once. In a kernel (--inline) the run is asked to
    stop instead.
    """

    def __init__(self, context: RunContext, options: dict[str, Any], *, ends: bool) -> None:
        self.context, self.options, self.ends = context, options, ends
        self.limit = size_bytes(options["memory_limit"]) if options.get("memory_limit") else 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fmtools-memory", daemon=True)

    def __enter__(self) -> MemoryWatch:
        if self.limit:
            if self.ends:
                _limit_data(self.limit)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        if self.limit:
            self._thread.join()

    def worded(self, error: Exception) -> Exception:
        """Return what to say of an error: an allocation that failed under the limit is the limit's doing."""
        if not self.limit or out_of_memory(error) is None:
            return error
        return FmError(
            f"The training asked for more memory than --memory-limit {self.options['memory_limit']} allows.",
            memory_advice.smaller(self.options),
        )

    def _watch(self) -> None:
        first = rss.resident()
        while not self._over.wait(LOOK):
            held = rss.resident()
            if held > self.limit:
                self._end(*self._sentence(first, held))
                return

    def _sentence(self, first: int, held: int) -> tuple[str, str]:
        limit = self.options["memory_limit"]
        if first > self.limit:
            return (
                f"--memory-limit {limit} is less than the {_gb(first)} that the libraries take before any training.",
                f"Give at least --memory-limit {-(-int(1.5 * first) // 10**8) / 10:g}GB.",
            )
        return (
            f"The training took {_gb(held)} of memory, more than --memory-limit {limit} allows.",
            memory_advice.smaller(self.options),
        )

    def _end(self, cause: str, cure: str) -> None:
        if not self.ends:
            self.context.emit(NoticeEvent(text=f"{cause} {cure}", level="warning"))
            self.context.ask(Control(action="stop", by="--memory-limit"))
            return
        self.context.emit(ErrorEvent(cause=cause, cure=cure))
        self.context.emit(StatusEvent(status="failed", message=cause))
        with contextlib.suppress(OSError):
            self.context.flush()
        os._exit(1)  # the main thread is inside torch, and would take more before it came back


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def _limit_data(limit: int) -> None:
    """Let the system refuse what would go far beyond the limit, where it can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        held = _reserved()
        room = int(held + max(0, limit - rss.resident()) + max(RESERVED, SHARE * limit))
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard))


def _reserved() -> int:
    """Return the bytes that RLIMIT_DATA counts. Raises OSError where the system does not say."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    raise OSError("VmData")
