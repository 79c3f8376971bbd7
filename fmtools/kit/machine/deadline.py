"""A time limit for work in this process that might never end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from ...core.errors import ModelError


@contextlib.contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Raise ModelError when the body takes longer: "`what` took longer than ...". Only the main thread can be timed."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise ModelError(
            f"{what} took longer than {seconds:g} seconds.", "Nothing was kept. Try a smaller model or another format."
        )

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
