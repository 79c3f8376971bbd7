"""Events -> the state of a run, in the wire's words. With state.py, the only place that knows what events mean.

A reducer eats raw records (as `LogReader.read` gives them) and answers with `Increment`, `Head` and `RunSummary`. It
validates by hand: 20,000 records must not cost more than a glance, and a record that is damaged or of a newer version
is passed over instead of hiding the others.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeVar

from ..core.events import ENDED, Status
from ..core.wire import Head, Increment, Point, RunSummary
from .curve import Curve, thin
from .state import RunState
from .values import real
from .words import interrupted_words

if TYPE_CHECKING:
    from ..store.runs import RunFolder

T = TypeVar("T")
#: Values of a spark line.
SPARK = 40


class Reducer(RunState):
    """The state of one run. `record` is the content of run.json; feed the records in the order of their seq."""

    #: What is known of a want of memory that ended the worker; "" for nothing.
    memory = ""

    def increment(
        self,
        since: int,
        generation: int | None,
        *,
        alive: bool,
        now: float,
        lost: int = 0,
        max_points: int | None = None,
    ) -> Increment:
        """Return what happened after `since`, or everything when `generation` (None = 0) is not the present one.

        `since` in the answer is the one really used; 0 means: forget what you hold. `max_points` thins each series.
        """
        if (generation or 0) != self.generation or not 0 <= since <= self.last_seq:
            since = 0
        result = self._result if self._result[0] > since else (0, 0, {}, {}, [])
        return Increment(
            run_id=self._text("id"),
            since=since,
            last_seq=self.last_seq,
            generation=self.generation,
            head=self.head(alive, now, lost),
            points=self._points(since, max_points),
            marks=_after(self._marks, since),
            probes=[probe for seq, probe in self._probes.values() if seq > since],
            frames=_after(self._frames, since),
            notices=_after(self._notices, since or -1),
            report=result[2],
            confusion=result[3],
            details=result[4],
            samples=_after(self._samples, since or -1),
        )

    def _points(self, since: int, limit: int | None) -> list[Point]:
        points: list[Point] = []
        for name, curve in self._curves.items():
            start = curve.after(since)
            steps, values = curve.steps[start:], curve.values[start:]
            chosen = range(len(values)) if limit is None else thin(values, limit)
            points += [Point(series=name, step=steps[i], value=values[i]) for i in chosen]
        return points

    def head(self, alive: bool, now: float, lost: int = 0) -> Head:
        """Return the present state; `alive` says whether a worker is at work, `now` is in seconds since the epoch."""
        status = self.status_now(alive)
        message = self._message
        if status == "interrupted" and self.status != "interrupted":
            message = interrupted_words(self._text("id"), self._step, self._saved, self.memory)
        score = self._scores[-1] if self._scores else (0, "", {})
        return Head(
            **{key: self._text(key) for key in ("id", "name", "task", "model", "data", "command")},
            created=real(self._record.get("created"), 0.0),
            status=status,
            message=message,
            phase="" if status in ENDED else self._phase,
            attempt=self.attempt,
            step=self._step,
            epoch=self._epoch,
            loss=self._latest("loss"),
            learning_rate=self._latest("learning_rate"),
            elapsed_seconds=self._elapsed(alive and status not in ENDED, now),
            metrics=score[2],
            metrics_split=score[1],
            error=self._error,
            alive=alive,
            lost_records=lost,
            forecast=self._forecast,
            **self._speed(status),
            **self._plan,
        )

    def status_now(self, alive: bool) -> Status:
        """Return the status: what the log says last, unless the worker died without a word."""
        return "interrupted" if not alive and self.status not in ENDED else self.status

    def summary(self, alive: bool, now: float, lost: int = 0) -> RunSummary:
        """Return the run's row in a list."""
        loss = self._curves.get("loss")
        spark = [loss.values[i] for i in thin(loss.values, SPARK)] if loss else []
        return RunSummary(head=self.head(alive, now, lost), spark=spark)

    def series(self, name: str) -> tuple[list[int], list[float]]:
        """Return the steps and values of a series; both empty when there is none of that name."""
        curve = self._curves.get(name) or Curve()
        return list(curve.steps), list(curve.values)

    def size(self) -> int:
        """Return how many points are held, as a measure of memory (24 bytes each)."""
        return sum(len(curve) for curve in self._curves.values())

    def _text(self, key: str) -> str:
        return str(self._record.get(key) or "")

    def _latest(self, series: str) -> float | None:
        curve = self._curves.get(series)
        return curve.values[-1] if curve else None

    def _elapsed(self, working: bool, now: float) -> float:
        if not self._started:
            return 0.0
        end = max(now, self._last_t) if working else self._last_t
        return self._before + max(0.0, end - self._started)

    def _speed(self, status: Status) -> dict[str, float | None]:
        seconds = sum(step[2] for step in self._recent)
        if not seconds:
            return {}
        left = max(0, self._plan.get("total_steps", 0) - self._step)
        known = bool(self._plan.get("total_steps")) and status not in ENDED
        return {
            "samples_per_second": sum(step[0] for step in self._recent) / seconds or None,
            "tokens_per_second": sum(step[1] for step in self._recent) / seconds or None,
            "eta_seconds": left * seconds / len(self._recent) if known else None,
        }


def _after(items: list[tuple[int, T]], since: int) -> list[T]:
    return [item for _, item in items[bisect_right(items, since, key=lambda entry: entry[0]) :]]


def load(run: RunFolder) -> Reducer:
    """Return a reducer fed with everything a run has said. Raises StoreError when its run.json is damaged."""
    from .follow import RunView

    view = RunView(run)
    view.update()
    return view.reducer
