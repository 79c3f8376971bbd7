"""Says on the server's event bus that a run appeared, grew, ended or died. One thread looks, the event loop emits."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import StoreError
from ..store.runs import RunFolder, run_ids
from ..views.listing import still
from .follow import Facts, RunBook

if TYPE_CHECKING:
    from jupyter_events import EventLogger
    from tornado.ioloop import IOLoop

SCHEMA = "https://schema.fmtools.org/run_changed/v1"
SCHEMA_FILE = Path(__file__).with_name("run_changed.yaml")
log = logging.getLogger(__name__)
#: Seconds between two looks at the logs of live runs, at whether anything lives, and between two events of a run.
FAST, SLOW, APART = 0.05, 1.0, 0.1
#: Seconds between two looks at the list while nothing lives.
IDLE = 0.25
#: Ended runs looked at every slow round: the newest, and as many others in turn. A resumed one is seen at once or soon.
NEWEST, IN_TURN = 100, 200


class Watch:
    """Follows the live runs of a book; `start` it on the event loop, it ends with it."""

    def __init__(self, book: RunBook, events: EventLogger, loop: IOLoop) -> None:
        self._book, self._events, self._loop = book, events, loop
        self._said: dict[str, Facts] = {}
        self._said_at: dict[str, float] = {}
        self._times: dict[str, int] = {}
        self._ids: list[str] = []
        self._live: set[str] = set()
        self._listed: int | None = None
        self._turn, self._slow_at = 0, 0.0
        self.stopped = threading.Event()

    def start(self) -> None:
        """Start to look. Runs that have ended before are passed over in silence."""
        threading.Thread(target=self._run, name="fmtools-watch", daemon=True).start()

    def _run(self) -> None:
        while not self.stopped.wait(FAST if self._live else IDLE):
            if self._loop.asyncio_loop.is_closed():  # type: ignore[attr-defined]
                return
            try:
                self.look(time.monotonic())
            except Exception:
                log.debug("a look at the runs failed", exc_info=True)  # the next one may not; the watch must not end

    def look(self, now: float) -> None:
        """Look once: at the list when a run may have come, at every live run's log, and now and then at who lives."""
        slow = now >= self._slow_at
        self._look_at_list()
        if slow:
            self._slow_at = now + SLOW
            self._look_at_ended()
            self._book.tidy()
        for run_id in list(self._live):
            if now - self._said_at.get(run_id, -1.0) >= APART:
                self._look_at_run(run_id, now, slow)

    def _look_at_list(self) -> None:
        changed = self._time(str(self._book.home / "runs"))
        if changed == self._listed:
            return
        first, known = self._listed is None, set(self._ids)
        self._listed, self._ids = changed, run_ids(self._book.home)
        fresh = [run_id for run_id in self._ids if run_id not in known]
        self._live.update(self._not_ended(fresh) if first else fresh)
        for run_id in known - set(self._ids):
            self._live.discard(run_id)
            for table in (self._said, self._said_at, self._times):
                table.pop(run_id, None)

    def _not_ended(self, run_ids: list[str]) -> list[str]:
        """Return those runs that somebody works on; the index spares a look at each of the others."""
        entries = self._book.index.all()
        self._times = {run_id: self._time(self._path(run_id)) for run_id in run_ids}
        return [i for i in run_ids if not still(self._path(i), entries.get(i)) and _alive(self._path(i))]

    def _look_at_ended(self) -> None:
        """Take up again what was resumed: a new lease changes the time of the run's folder."""
        rest = self._ids[NEWEST:]
        start = self._turn % len(rest) if rest else 0
        self._turn = start + IN_TURN
        for run_id in self._ids[:NEWEST] + rest[start : start + IN_TURN]:
            if run_id not in self._live:
                at = self._time(self._path(run_id))
                if self._times.setdefault(run_id, at) != at:
                    self._live.add(run_id)

    def _look_at_run(self, run_id: str, now: float, thorough: bool) -> None:
        """Read what is new of a live run and say it; let go of the run when nobody works on it any more."""
        at = self._time(self._path(run_id))
        try:
            facts = self._book.glance(run_id, thorough)
        except (StoreError, OSError) as error:
            log.debug("run %s cannot be followed: %s", run_id, error)
            self._live.discard(run_id)
            self._times[run_id] = at
            return
        if facts != self._said.get(run_id):
            self._said[run_id], self._said_at[run_id] = facts, now
            self._loop.add_callback(self._emit, run_id, facts)
        if not facts.alive:
            self._live.discard(run_id)
            self._times[run_id] = at

    def _emit(self, run_id: str, facts: Facts) -> None:
        data = {"run_id": run_id, "last_seq": facts.last_seq, "status": facts.status}
        try:
            self._events.emit(schema_id=SCHEMA, data=data)
        except Exception:
            log.debug("the event of run %s was not emitted", run_id, exc_info=True)  # clients poll as well

    def _path(self, run_id: str) -> str:
        return f"{self._book.home}/runs/{run_id}"

    @staticmethod
    def _time(path: str) -> int:
        try:
            return os.stat(path).st_mtime_ns
        except OSError:
            return 0


def _alive(path: str) -> bool:
    try:
        return RunFolder(Path(path)).alive()
    except OSError:
        return False
