"""Work that follows typing: done a moment after the last change, in a thread, the newest question only."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Later:
    """Calls `work` in a thread, `wait` seconds after the last `ask`; never twice at once, and once more when asked meanwhile."""

    def __init__(self, work: Callable[[], None], wait: float) -> None:
        self._work, self._wait = work, wait
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Say that something changed. Returns at once."""
        self._asked.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, name="fmtools-panel", daemon=True)
                self._thread.start()

    def _go(self) -> None:
        pause = threading.Event()
        while True:
            while self._asked.is_set():
                self._asked.clear()
                pause.wait(self._wait)
            self._work()
            with self._lock:
                if not self._asked.is_set():
                    self._thread = None
                    return
