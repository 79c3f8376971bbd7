"""The runs that somebody looks at, each read once and kept: what routes and watch share.

Every method blocks on the disk and is thread-safe: routes call them from a pool, never from the event loop.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..core.errors import StoreError
from ..core.events import ENDED, Control, Status
from ..core.wire import RunList
from ..store import controls
from ..store.index import Index
from ..store.runs import open_run
from ..views.follow import Place, RunView
from ..views.listing import summary_texts

#: Ended runs are kept for so many seconds, at most so many of them, and at most so many points (24 bytes each) of all.
KEEP_SECONDS, KEEP_RUNS, KEEP_POINTS = 300.0, 32, 3_000_000
#: Most points a series of one answer has; a longer curve is thinned, with its spikes kept.
MOST_POINTS = 20_000


class Ended(StoreError):
    """The wish comes too late: nobody works on the run any more."""


class Facts(NamedTuple):
    """What an event says of a run, and whether somebody works on it."""

    last_seq: int
    status: Status
    alive: bool


class _Kept:
    """One run with the lock that makes its view thread-safe."""

    def __init__(self, view: RunView) -> None:
        self.view, self.lock, self.used = view, threading.Lock(), time.monotonic()


class RunBook:
    """The runs of one store. `home` is its folder; methods raise StoreError for runs that are not there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.index = Index(home)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._listing = threading.Lock()

    @contextmanager
    def open(self, run_id: str) -> Iterator[RunView]:
        """Give the view of a run, up to date, to one thread at a time."""
        kept = self._keep(run_id)
        with kept.lock:
            kept.view.update()
            kept.used = time.monotonic()
            yield kept.view

    def glance(self, run_id: str, thorough: bool) -> Facts:
        """Return how far a run is. Unless `thorough`, nothing of a live run is opened when its log has not grown."""
        kept = self._keep(run_id)
        with kept.lock:
            view = kept.view
            if thorough or not view.alive or view.grew():
                view.update()
            return Facts(view.reducer.last_seq, view.reducer.status_now(view.alive), view.alive)

    def _keep(self, run_id: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(run_id)
        if kept is not None and kept.view.run.path.is_dir():
            return kept
        fresh = _Kept(RunView(open_run(run_id, self.home)))
        with self._lock:
            old = self._kept.get(run_id)
            kept = old if old is not None and old.view.run.path.is_dir() else fresh
            self._kept[run_id] = kept
            self._kept.move_to_end(run_id)
        return kept

    def tidy(self) -> None:
        """Let go of ended runs that nobody asked for lately, the longest unused first."""
        oldest, points = time.monotonic() - KEEP_SECONDS, 0
        with self._lock:
            ended = [(i, k) for i, k in self._kept.items() if not k.view.alive]
            ended.sort(key=lambda entry: -entry[1].used)
            for rank, (run_id, kept) in enumerate(ended):
                points += kept.view.reducer.size()
                if kept.used < oldest or rank >= KEEP_RUNS or points > KEEP_POINTS:
                    del self._kept[run_id]

    def alive(self, run_id: str) -> bool:
        """Say whether a run is held that was alive when it was last looked at."""
        kept = self._kept.get(run_id)
        return kept is not None and kept.view.alive

    # -- what the routes answer, as JSON text ------------------------------------------------------------------------

    def list_json(self) -> str:
        """Return a `RunList`, newest run first. Rows of ended runs are taken from the index as they stand."""
        with self._listing:
            rows = summary_texts(self.home, self.index, live=self._live)
        empty = RunList(runs=[], home=str(self.home)).model_dump_json()
        return empty.replace('"runs":[]', f'"runs":[{",".join(rows)}]', 1)

    def _live(self, run_id: str) -> str | None:
        if not self.alive(run_id):
            return None
        try:
            with self.open(run_id) as view:
                return view.summary().model_dump_json() if view.alive else None
        except (StoreError, OSError):
            return None

    def run_json(self, run_id: str) -> str:
        """Return {"run": run.json, "head": Head}."""
        with self.open(run_id) as view:
            head, record = view.head(), view.run.record
        return f'{{"run":{record.model_dump_json()},"head":{head.model_dump_json()}}}'

    def increment_json(self, run_id: str, since: int, generation: int | None) -> str:
        """Return an `Increment`."""
        with self.open(run_id) as view:
            increment = view.increment(since, generation, max_points=MOST_POINTS)
        return increment.model_dump_json()

    def frame(self, run_id: str, seq: int) -> tuple[Place, bytes]:
        """Return an attention snapshot: uint8 [layers, heads, n, n], and its shape."""
        with self.open(run_id) as view:
            place = view.place(seq)
            data = view.frame(seq)
        assert place is not None
        return place, data

    def control(self, run_id: str, wish: Control) -> str:
        """Write a wish for the run's worker and return its id. Raises Ended when there is no worker."""
        with self.open(run_id) as view:
            status = view.head().status
            if status in ENDED:
                raise Ended(f"The run is {status}: nobody works on it.", f"`%fm_resume {run_id}` makes it go on.")
            return controls.add(view.run.path, wish)
