"""What a follower reads in a run's log, and how it reaches a tool: no point missing, none twice, none that is no longer true."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..core.events import ENDED
from ..core.following import FollowPoint, FollowSink
from ..store.log import LogReader
from ..store.runs import RunFolder

#: Seconds between two looks at the log; points handed over at once.
LOOK, BATCH = 0.5, 2000
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True)
class Text:
    """Something the model wrote at a step."""

    title: str
    step: int
    text: str


class Truth:
    """The points and texts of a run that are true at present; `sent` of them have reached the tool.

    A resume from a checkpoint makes later steps untrue: they are dropped, and `cut` says from which step when some of them
    had been sent.
    """

    def __init__(self) -> None:
        self.entries: list[FollowPoint | Text] = []
        self.sent = 0
        self.cut: int | None = None
        self.status = "queued"
        self.metrics: dict[str, float] = {}
        self._attempt, self._step = 1, 0

    def take(self, record: dict[str, Any]) -> None:
        """Take one record in; what is malformed, or of a worker that was given up for dead, is passed over."""
        attempt = record.get("attempt", 1)
        if attempt < self._attempt:
            return
        self._attempt = attempt
        try:
            self._take(record, record.get("type", ""))
        except (KeyError, TypeError, ValueError, AttributeError):
            return

    def _take(self, record: dict[str, Any], kind: str) -> None:
        if kind == "status":
            self.status = str(record["status"])
            if record.get("from_step") is not None and self._attempt > 1:
                self._rewind(int(record["from_step"]))
        elif kind in _READERS:
            self._step = max(self._step, int(record.get("step", 0)))
            found = list(_READERS[kind](record, int(record.get("step", self._step))))
            self.entries += found
            if kind == "result":
                self.metrics = {point.series.partition("/")[2]: point.value for point in found}

    def _rewind(self, step: int) -> None:
        before = [entry.step <= step for entry in self.entries]
        if not all(before[: self.sent]):
            self.cut = step if self.cut is None else min(self.cut, step)
        self.sent = sum(before[: self.sent])
        self.entries = [entry for entry, stays in zip(self.entries, before, strict=True) if stays]
        self._step = min(self._step, step)

    def places(self) -> set[tuple[str, int]]:
        """Return (series, step) of every point that is true."""
        return {(entry.series, entry.step) for entry in self.entries if isinstance(entry, FollowPoint)}


def _real(value: Any) -> float:
    return _WORDS[value] if isinstance(value, str) else float(value)


def _steps(record: dict[str, Any], step: int) -> Iterator[FollowPoint]:
    at = _real(record["t"])
    for name in ("loss", "learning_rate", "grad_norm"):
        if record.get(name) is not None:
            yield FollowPoint(f"train/{name}", step, _real(record[name]), at)
    seconds = _real(record.get("seconds") or 0)
    if seconds > 0 and record.get("samples"):
        yield FollowPoint("train/samples_per_second", step, record["samples"] / seconds, at)


def _scores(record: dict[str, Any], step: int) -> Iterator[FollowPoint]:
    for name, value in record["metrics"].items():
        yield FollowPoint(f"{record['split']}/{name}", step, _real(value), _real(record["t"]))


def _result(record: dict[str, Any], step: int) -> Iterator[FollowPoint]:
    # The published model on validation rows is not the curve's last point, though the two share a step.
    split = "final" if record["split"] == "validation" else record["split"]
    return _scores({**record, "split": split}, step)


def _written(record: dict[str, Any], step: int) -> Iterator[Text]:
    yield Text(f"written/{record['prompt'][:60]}", step, str(record["text"]))


_READERS: dict[str, Any] = {"step": _steps, "eval": _scores, "result": _result, "sample": _written}


def follow(run: RunFolder, sink: FollowSink, look: float = LOOK) -> int:
    """Hand a run's points to a tool until the run has ended; return how many there are. Raises what the tool raises."""
    truth, reader, first = Truth(), LogReader(run.events), True
    while True:
        alive = (
            run.alive()
        )  # looked at first: once nobody works on the run, what is read afterwards is all there will be
        records = reader.read()
        for record in records:
            truth.take(record)
        if first and sink.known - truth.places():
            sink.restart()  # the tool holds what a resume has made untrue since
        first = False
        _hand_over(truth, sink)
        if not alive:
            break
        time.sleep(look)
    sink.end(truth.status if truth.status in ENDED else "interrupted", truth.metrics)
    return len(truth.places())


def _hand_over(truth: Truth, sink: FollowSink) -> None:
    if truth.cut is not None:
        if not sink.cut(truth.cut):
            sink.restart()
            truth.sent = 0
        truth.cut = None
    while truth.sent < len(truth.entries):
        part = truth.entries[truth.sent : truth.sent + BATCH]
        points = [p for p in part if isinstance(p, FollowPoint) and (p.series, p.step) not in sink.known]
        for entry in part:
            if isinstance(entry, Text):
                sink.text(entry.title, entry.step, entry.text)
        if points:
            sink.points(points)
        truth.sent += len(part)
