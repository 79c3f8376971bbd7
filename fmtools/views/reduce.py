"""Events -> the state of a run. The only place that knows what a sequence of events means.

A reducer eats raw records (as `LogReader.read` gives them) and answers with the wire's `Increment`, `Head` and
`RunSummary`. It validates by hand: 20,000 records must not cost more than a glance, and a record that is damaged or of
a newer version is passed over instead of hiding the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from ..core.events import ENDED, Status
from ..core.wire import Frame, Head, Increment, Mark, Notice, Point, Probe, RunSummary
from .curve import Curve, thin
from .values import real, rows, scores, text, whole
from .words import control_words, interrupted_words, size_words

if TYPE_CHECKING:
    from ..store.runs import RunFolder

T = TypeVar("T")
_STATUSES = frozenset(get_args(Status))
#: Steps over which the speed is averaged; values of a spark line.
WINDOW, SPARK = 50, 40


class Reducer:
    """The state of one run. `record` is the content of run.json; feed the records in the order of their seq."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.last_seq, self.generation, self.attempt = 0, 0, 1
        self.status: Status = "queued"
        self._curves: dict[str, Curve] = {}
        self._marks: list[tuple[int, Mark]] = []
        self._frames: list[tuple[int, Frame]] = []
        self._probes: dict[int, tuple[int, Probe]] = {}
        self._notices = [(0, Notice(text=str(said))) for said in record.get("notices") or []]
        self._scores: list[tuple[int, str, dict[str, float]]] = []
        self._result: tuple[int, int, dict[str, Any], dict[str, Any]] = (0, 0, {}, {})
        self._phase = self._message = self._error = ""
        self._plan: dict[str, Any] = {}
        self._step, self._epoch, self._saved = 0, 0.0, -1
        self._recent: deque[tuple[int, int, float]] = deque(maxlen=WINDOW)
        self._before, self._started, self._last_t = 0.0, 0.0, 0.0
        self._eat: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "status": self._on_status,
            "phase": self._on_phase,
            "plan": self._on_plan,
            "notice": self._on_notice,
            "step": self._on_step,
            "eval": self._on_eval,
            "attention": self._on_attention,
            "checkpoint": self._on_checkpoint,
            "control": self._on_control,
            "result": self._on_result,
            "error": self._on_error,
        }

    # -- eating ------------------------------------------------------------------------------------------------------

    def feed(self, records: Iterable[dict[str, Any]]) -> None:
        """Take records in. Unknown types (of newer versions) and malformed records are passed over, but counted in seq."""
        for record in records:
            try:
                self._take(record)
            except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
                continue

    def _take(self, record: dict[str, Any]) -> None:
        seq, attempt = whole(record["seq"]), whole(record.get("attempt", 1))
        if attempt < self.attempt:
            return  # a worker that was given up for dead and still writes: what it does belongs to nobody
        at = real(record.get("t"), self._last_t)
        if attempt > self.attempt:
            self._next_attempt(attempt, at)
        self._started = self._started or at
        self._last_t = max(self._last_t, at)
        eat = self._eat.get(record.get("type", ""))
        try:
            if eat is not None:
                eat(seq, record)
        finally:
            self.last_seq = max(self.last_seq, seq)

    def _next_attempt(self, attempt: int, at: float) -> None:
        self._before += max(0.0, self._last_t - self._started)
        self._started = self._last_t = at
        self.attempt = attempt
        self._error = self._message = self._phase = ""
        self._recent.clear()

    def _on_status(self, seq: int, record: dict[str, Any]) -> None:
        if record["status"] not in _STATUSES:
            raise ValueError(record["status"])
        start = record.get("from_step")
        if start is not None and self.attempt > 1:
            self._rewind(whole(start), seq)
            said = f"Attempt {self.attempt} goes on from step {start}." if start else f"Attempt {self.attempt} starts over."
            self._marks.append((seq, Mark(step=start, kind="resume", text=said, t=self._last_t)))
        self.status, self._message = record["status"], text(record.get("message"))
        if self.status in ENDED:
            self._phase = ""

    def _rewind(self, step: int, seq: int) -> None:
        """Drop what a resume from the checkpoint of `step` makes untrue, and whatever a stale worker wrote since `seq`."""
        dropped = [curve.cut(step, seq) for curve in self._curves.values()]
        kept_marks = [m for m in self._marks if m[1].step <= step and m[0] < seq]
        kept_frames = [f for f in self._frames if f[1].step <= step and f[0] < seq]
        kept_scores = [s for s in self._scores if s[0] <= step]
        self._notices = [n for n in self._notices if n[0] < seq]
        result = self._result if self._result[1] <= step else (0, 0, {}, {})
        before = (len(self._marks), len(self._frames), len(self._scores), self._result[0])
        if any(dropped) or seq <= self.last_seq or before != (len(kept_marks), len(kept_frames), len(kept_scores), result[0]):
            self.generation += 1
        self._marks, self._frames, self._scores, self._result = kept_marks, kept_frames, kept_scores, result
        self.last_seq = min(self.last_seq, seq)
        if self._step > step:
            total = self._plan.get("total_steps", 0)
            self._epoch = self._plan.get("epochs", 0.0) * step / total if total else 0.0
        self._step, self._saved = min(self._step, step), min(self._saved, step)

    def _on_phase(self, seq: int, record: dict[str, Any]) -> None:
        self._phase = text(record["phase"])

    def _on_plan(self, seq: int, record: dict[str, Any]) -> None:
        self._plan = {
            "total_steps": whole(record["total_steps"]),
            "epochs": real(record.get("epochs"), 0.0),
            "rows": rows(record.get("rows")),
            "parameters": whole(record.get("parameters", 0)),
            "trainable": whole(record.get("trainable", 0)),
            "device": text(record.get("device")),
            "precision": text(record.get("precision")),
        }

    def _on_notice(self, seq: int, record: dict[str, Any]) -> None:
        said = text(record["text"])
        if any(old == 0 and notice.text == said for old, notice in self._notices):
            return  # run.json already says it
        level = "warning" if record.get("level") == "warning" else "info"
        self._notices.append((seq, Notice(text=said, level=level)))  # type: ignore[arg-type]

    def _on_step(self, seq: int, record: dict[str, Any]) -> None:
        step, loss = whole(record["step"]), real(record["loss"])
        self._point("loss", seq, step, loss)
        self._step, self._epoch = step, real(record.get("epoch"), self._epoch)
        for name in ("learning_rate", "grad_norm"):
            if record.get(name) is not None:
                self._point(name, seq, step, real(record[name]))
        seconds = real(record.get("seconds"), 0.0)
        if 0.0 < seconds < float("inf"):
            self._recent.append((whole(record.get("samples", 0)), whole(record.get("tokens", 0)), seconds))

    def _point(self, series: str, seq: int, step: int, value: float) -> None:
        curve = self._curves.get(series)
        if curve is None:
            curve = self._curves[series] = Curve()
        curve.append(seq, step, value)

    def _on_eval(self, seq: int, record: dict[str, Any]) -> None:
        step, split, metrics = whole(record["step"]), text(record["split"]), scores(record["metrics"])
        for name, value in metrics.items():
            self._point(f"{split}/{name}", seq, step, value)
        self._scores.append((step, split, metrics))

    def _on_attention(self, seq: int, record: dict[str, Any]) -> None:
        frame = Frame(seq=seq, step=whole(record["step"]), probe=whole(record["probe"]))
        probe = Probe(**{key: record[key] for key in ("probe", "text", "tokens", "layers", "heads")})
        self._frames.append((seq, frame))
        known = self._probes.get(frame.probe)
        if known is None or known[1] != probe:
            self._probes[frame.probe] = (seq, probe)

    def _on_checkpoint(self, seq: int, record: dict[str, Any]) -> None:
        self._saved = whole(record["step"])
        said = f"Checkpoint, {size_words(whole(record.get('bytes', 0)))}."
        self._marks.append((seq, Mark(step=self._saved, kind="checkpoint", text=said, t=self._last_t)))

    def _on_control(self, seq: int, record: dict[str, Any]) -> None:
        action = text(record["action"])
        said = control_words(action, record.get("value"), text(record.get("by")))
        self._marks.append((seq, Mark(step=whole(record["step"]), kind=action, text=said, t=self._last_t)))

    def _on_result(self, seq: int, record: dict[str, Any]) -> None:
        self._scores.append((self._step, text(record["split"]), scores(record["metrics"])))
        self._result = (seq, self._step, dict(record.get("report") or {}), dict(record.get("confusion") or {}))

    def _on_error(self, seq: int, record: dict[str, Any]) -> None:
        self._error = f"{text(record['cause'])} {text(record.get('cure'))}".strip()

    # -- answering ---------------------------------------------------------------------------------------------------

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
        result = self._result if self._result[0] > since else (0, 0, {}, {})
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
        status: Status = "interrupted" if not alive and self.status not in ENDED else self.status
        message = self._message
        if status == "interrupted" and self.status != "interrupted":
            message = interrupted_words(self._text("id"), self._step, self._saved)
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
            **self._speed(status),
            **self._plan,
        )

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
