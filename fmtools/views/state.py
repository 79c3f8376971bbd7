"""Eating events: what each kind of record does to the state of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, get_args

from ..core.events import ENDED, Status
from ..core.wire import Detail, Forecast, Frame, Mark, Notice, Probe, Sample
from .curve import Curve
from .values import real, rows, scores, text, whole
from .words import control_words, resume_words, size_words

_STATUSES = frozenset(get_args(Status))
#: Steps over which the speed is averaged.
WINDOW = 50
#: Written texts that are kept to be shown.
SAMPLES = 40
#: seq, step, report, confusion, details
Result = tuple[int, int, dict[str, Any], dict[str, Any], list[Detail]]


class RunState:
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
        self._result: Result = (0, 0, {}, {}, [])
        self._samples: list[tuple[int, Sample]] = []
        self._phase = self._message = self._error = ""
        self._plan: dict[str, Any] = {}
        self._forecast: Forecast | None = None
        self._step, self._epoch, self._saved = 0, 0.0, -1
        self._recent: deque[tuple[int, int, float]] = deque(maxlen=WINDOW)
        self._before, self._started, self._last_t = 0.0, 0.0, 0.0
        self._eat: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "status": self._on_status,
            "phase": self._on_phase,
            "plan": self._on_plan,
            "notice": self._on_notice,
            "forecast": self._on_forecast,
            "step": self._on_step,
            "eval": self._on_eval,
            "attention": self._on_attention,
            "checkpoint": self._on_checkpoint,
            "control": self._on_control,
            "sample": self._on_sample,
            "result": self._on_result,
            "error": self._on_error,
        }

    def feed(self, records: Iterable[dict[str, Any]]) -> None:
        """Take records in. Unknown types (of newer versions) and malformed records are passed over."""
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
            said = resume_words(self.attempt, start)
            self._marks.append((seq, Mark(step=start, kind="resume", text=said, t=self._last_t)))
        self.status, self._message = record["status"], text(record.get("message"))
        if self.status in ENDED:
            self._phase = ""

    def _rewind(self, step: int, seq: int) -> None:
        """Drop what a resume from the checkpoint of `step` makes untrue, and what a stale worker wrote since `seq`."""
        before = self._extent()
        for curve in self._curves.values():
            curve.cut(step, seq)
        self._marks = [m for m in self._marks if m[1].step <= step and m[0] < seq]
        self._frames = [f for f in self._frames if f[1].step <= step and f[0] < seq]
        self._notices = [n for n in self._notices if n[0] < seq]
        self._scores = [s for s in self._scores if s[0] <= step]
        self._samples = [s for s in self._samples if s[1].step <= step and s[0] < seq]
        if self._result[1] > step:
            self._result = (0, 0, {}, {}, [])
        if self._extent() != before or seq <= self.last_seq:
            self.generation += 1
        self.last_seq = min(self.last_seq, seq)
        if self._step > step:
            total = self._plan.get("total_steps", 0)
            self._epoch = self._plan.get("epochs", 0.0) * step / total if total else 0.0
        self._step, self._saved = min(self._step, step), min(self._saved, step)

    def _extent(self) -> tuple[int, ...]:
        lists: tuple[Sized, ...] = (
            *self._curves.values(),
            self._marks,
            self._frames,
            self._notices,
            self._scores,
            self._samples,
        )
        return (*map(len, lists), self._result[0])

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
        known = [old for old, notice in self._notices if notice.text == said]
        if 0 in known:
            return  # run.json already says it
        level = "warning" if record.get("level") == "warning" else "info"
        if not (known and record.get("trouble")):  # a resumed run comes by the same trouble again
            self._notices.append((seq, Notice(text=said, level=level)))
        if record.get("trouble"):
            kind = f"trouble-{text(record['trouble'])}"
            self._marks.append((seq, Mark(step=whole(record["step"]), kind=kind, text=said, t=self._last_t)))

    def _on_forecast(self, seq: int, record: dict[str, Any]) -> None:
        self._forecast = Forecast.model_validate(
            {name: record[name] for name in Forecast.model_fields if name in record}
        )

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

    def _on_sample(self, seq: int, record: dict[str, Any]) -> None:
        sample = Sample(step=whole(record["step"]), prompt=text(record.get("prompt")), text=text(record.get("text")))
        self._samples = [*self._samples[1 - SAMPLES :], (seq, sample)]

    def _on_result(self, seq: int, record: dict[str, Any]) -> None:
        self._scores.append((self._step, text(record["split"]), scores(record["metrics"])))
        report, confusion = dict(record.get("report") or {}), dict(record.get("confusion") or {})
        self._result = (seq, self._step, report, confusion, list(_details(record.get("details") or [])))

    def _on_error(self, seq: int, record: dict[str, Any]) -> None:
        self._error = f"{text(record['cause'])} {text(record.get('cure'))}".strip()


def _details(found: list[Any]) -> Iterator[Detail]:
    """Yield the details that can be shown; those of a newer version's kinds are passed over."""
    for detail in found:
        try:
            yield Detail.model_validate(detail)
        except ValueError:
            continue
