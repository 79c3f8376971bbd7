"""--memory-limit: a worker that takes more than it may ends, and says what to do. The memory is the machine's, or a kernel's.

A watchdog looks at what is resident, since that is what others on the machine go without. A limit of the system on data
(RLIMIT_DATA) stands behind it for the one allocation that is too large by far: it fails before it is made. It counts
what is reserved, too, so it leaves room beyond the limit.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import FmError, out_of_memory
from ..core.events import Control, ErrorEvent, NoticeEvent, StatusEvent
from ..core.quantities import size_bytes
from ..kit.machine import memory_advice, rss
from .context import RunContext

#: Seconds between two looks. Memory is taken at some GB a second at most.
LOOK = 0.02
#: What may be reserved beyond the limit without being used: bytes, and a share of the limit.
RESERVED, SHARE = 512_000_000, 0.25


#: Told the cause and the cure when the limit is passed; `os._exit` where the process may be ended.
End = Callable[[str, str], None]


class MemoryWatch:
    """Watches this process for a run with --memory-limit; does nothing for one without. Use as a context manager.

    `end` is called once, from another thread. `own`: the process belongs to the run, so the system may limit it, too.
    `share`: among how many processes the limit is divided.
    """

    def __init__(self, options: dict[str, Any], end: End, *, own: bool, share: int = 1) -> None:
        self.options, self.end, self.own, self.share = options, end, own, share
        self.limit = size_bytes(options["memory_limit"]) // share if options.get("memory_limit") else 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fmtools-memory", daemon=True)

    def __enter__(self) -> MemoryWatch:
        if self.limit:
            if self.own:
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
            f"The training asked for more memory than {self._allowed} allows.",
            memory_advice.smaller(self.options),
        )

    @property
    def _allowed(self) -> str:
        each = f" ({_gb(self.limit)} a process)" if self.share > 1 else ""
        return f"--memory-limit {self.options['memory_limit']}{each}"

    def _watch(self) -> None:
        first = rss.resident()
        while not self._over.wait(LOOK):
            held = rss.resident()
            if held > self.limit:
                self.end(*self._sentence(first, held))
                return

    def _sentence(self, first: int, held: int) -> tuple[str, str]:
        if first > self.limit:
            return (
                f"{self._allowed} is less than the {_gb(first)} that the libraries take before any training.",
                f"Give at least --memory-limit {-(-int(1.5 * first * self.share) // 10**8) / 10:g}GB.",
            )
        return (
            f"The training took {_gb(held)} of memory, more than {self._allowed} allows.",
            memory_advice.smaller(self.options),
        )


def ends_worker(context: RunContext) -> End:
    """Return what ends a worker: its run has failed, for the reason given."""

    def end(cause: str, cure: str) -> None:
        context.emit(ErrorEvent(cause=cause, cure=cure))
        context.emit(StatusEvent(status="failed", message=cause))
        with contextlib.suppress(OSError):
            context.flush()
        os._exit(1)  # the main thread is inside torch, and would take more before it came back

    return end


def stops_run(context: RunContext) -> End:
    """Return what stops a run inside a kernel, which must live: at its step's end, saved."""

    def end(cause: str, cure: str) -> None:
        context.emit(NoticeEvent(text=f"{cause} {cure}", level="warning"))
        context.ask(Control(action="stop", by="--memory-limit"))

    return end


def ends_rank(keep: Callable[[Exception], None]) -> End:
    """Return what ends one of several processes: `keep` leaves the reason for the one that has started them."""

    def end(cause: str, cure: str) -> None:
        keep(FmError(cause, cure))
        os._exit(1)

    return end


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
