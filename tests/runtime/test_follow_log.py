"""What followers are handed: every true point once, in whatever order kills, resumes and lags come."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from fmtools.core.following import FollowPoint
from fmtools.runtime.follow_log import Truth, follow
from fmtools.store.runs import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def _nobody_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunFolder, "alive", lambda self: False)


class Notebook:
    """A sink that keeps what it is told, and can be told to forget or to fail."""

    def __init__(self, cuts: bool = True) -> None:
        self.known: set[tuple[str, int]] = set()
        self.held: list[FollowPoint] = []
        self.cuts, self.restarts, self.ended = cuts, 0, ""

    def points(self, points: list[FollowPoint]) -> None:
        self.held += points

    def text(self, title: str, step: int, text: str) -> None:
        pass

    def cut(self, step: int) -> bool:
        if self.cuts:
            self.held = [point for point in self.held if point.step <= step]
        return self.cuts

    def restart(self) -> None:
        self.held, self.known = [], set()
        self.restarts += 1

    def end(self, status: str, metrics: dict[str, float]) -> None:
        self.ended = status

    def close(self) -> None:
        pass


def step(number: int, loss: Any = 1.0) -> dict[str, Any]:
    return {"type": "step", "step": number, "epoch": 0.1, "loss": loss, "learning_rate": 0.1, "t": float(number)}


def begin(number: int) -> dict[str, Any]:
    return {"type": "status", "status": "running", "from_step": number}


def seen(sink: Notebook) -> list[tuple[str, int, float]]:
    return [(p.series, p.step, p.value) for p in sink.held if p.series == "train/loss"]


def test_a_resume_rewrites_the_steps_behind_its_checkpoint(make_run: MakeRun, append: Callable[..., None]) -> None:
    run = make_run([begin(0), step(1, 5.0), step(2, 4.0), step(3, 3.0)])
    append(run, [begin(1), step(2, 40.0), {"type": "status", "status": "done"}], attempt=2, first_seq=5)
    for cuts in (True, False):
        sink = Notebook(cuts)
        assert follow(run, sink) == 4
        assert seen(sink) == [("train/loss", 1, 5.0), ("train/loss", 2, 40.0)]
        assert sink.ended == "done"


def test_a_resume_that_is_seen_live_cuts_or_restarts(make_run: MakeRun) -> None:
    for cuts in (True, False):
        truth, sink = Truth(), Notebook(cuts)
        from fmtools.runtime.follow_log import _hand_over

        for record in (begin(0), step(1, 5.0), step(2, 4.0)):
            truth.take({"attempt": 1, **record})
        _hand_over(truth, sink)
        for record in (
            {"attempt": 2, "t": 9.0, **begin(1)},
            {"attempt": 2, **step(2, 40.0)},
            {"attempt": 1, **step(3, 3.0)},
        ):
            truth.take(record)
        _hand_over(truth, sink)
        assert seen(sink) == [("train/loss", 1, 5.0), ("train/loss", 2, 40.0)]
        assert sink.restarts == (0 if cuts else 1)


def test_any_order_of_resumes_and_looks_ends_with_the_truth() -> None:
    from fmtools.runtime.follow_log import _hand_over

    chance = random.Random(4)
    for _ in range(200):
        truth, sink, true, at = Truth(), Notebook(chance.random() < 0.5), {}, 0
        attempt = 1
        for value in range(chance.randint(1, 40)):
            if at and chance.random() < 0.15:
                attempt, at = attempt + 1, chance.randint(0, at)
                true = {s: v for s, v in true.items() if s <= at}
                truth.take({"attempt": attempt, **begin(at)})
            at += 1
            true[at] = float(value)
            truth.take({"attempt": attempt, **step(at, float(value))})
            if chance.random() < 0.3:
                _hand_over(truth, sink)
        _hand_over(truth, sink)
        assert [(s, v) for _, s, v in seen(sink)] == sorted(true.items())


def test_what_the_tool_holds_from_before_is_not_written_twice(make_run: MakeRun) -> None:
    run = make_run([begin(0), step(1), step(2), {"type": "status", "status": "stopped"}])
    sink = Notebook()
    sink.known = {("train/loss", 1), ("train/learning_rate", 1)}
    follow(run, sink)
    assert [(p.series, p.step) for p in sink.held] == [("train/loss", 2), ("train/learning_rate", 2)]
    stale = Notebook()
    stale.known = {("train/loss", 7)}
    follow(run, stale)
    assert stale.restarts == 1
    assert len(stale.held) == 4
