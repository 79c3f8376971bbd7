"""Evaluate now, save now, train longer: what is asked of a run at a step changes what it should and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fmtools
import steering_support
from fmtools.core.errors import FmError, OptionError
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in
from support import at_step, kill, records, until, weights
from support import train as in_worker

pytestmark = pytest.mark.slow
#: A rate that does not depend on the run's length: an extended run is then exactly the longer one.
LEVEL: dict[str, Any] = {"schedule": "constant_with_warmup", "warmup": 3}
STEPS = 11  # an epoch


def of(run: fmtools.Run, kind: str) -> list[dict[str, Any]]:
    return [record for record in records(run) if record["type"] == kind]


def steps(run: fmtools.Run, kind: str) -> list[int]:
    return [record["step"] for record in of(run, kind)]


@pytest.fixture(scope="module")
def train(tiny: Path, shared_store: Path) -> Any:
    """Train in this process, obeying wishes at their very step."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda wishes=None, **options: steering_support.train(tiny, wishes or {}, patch, **options)


@pytest.fixture(scope="module")
def reference(train: Any) -> fmtools.Run:
    """Three epochs that nobody touched."""
    run: fmtools.Run = train(epochs=3, **LEVEL)
    return run


def test_looks_and_saves_change_nothing(train: Any, reference: fmtools.Run) -> None:
    wishes = {5: [("evaluate", None)], 8: [("save", None)], STEPS: [("evaluate", None), ("save", None)]}
    run = train(wishes, epochs=3, **LEVEL)
    assert weights(run) == weights(reference)
    assert run.history["loss"] == reference.history["loss"]
    assert [step for step, _ in run.history["validation/accuracy"]] == [5, STEPS, 2 * STEPS, 3 * STEPS]
    assert steps(run, "checkpoint") == [8, STEPS, 2 * STEPS, 3 * STEPS]
    assert [(r["step"], r["action"]) for r in of(run, "control")] == [
        (5, "evaluate"), (8, "save"), (STEPS, "evaluate"), (STEPS, "save"),
    ]  # fmt: skip
    assert {mark.kind for mark in run.view.increment().marks} >= {"evaluate", "save", "checkpoint"}


def test_looks_do_not_count_for_patience(train: Any) -> None:
    """A metric that never gets better: two epochs of patience end it after the third, however often somebody looks."""
    options = {"epochs": 6, "patience": 2, "learning_rate": 1e-9, "head_learning_rate": 1e-9}
    run = train({step: [("evaluate", None)] for step in range(2, 30, 3)}, **options)
    assert (run.status, run.head.step) == ("done", 3 * STEPS)


@pytest.mark.parametrize("at", [[7], [2 * STEPS], [4, 9]], ids=["early", "at the last step", "twice"])
def test_an_extended_run_is_the_longer_run(train: Any, reference: fmtools.Run, at: list[int]) -> None:
    run = train({step: [("extend", 1 / len(at))] for step in at}, epochs=2, **LEVEL)
    assert (run.status, run.head.total_steps, run.head.epochs) == ("done", 3 * STEPS, 3.0)
    assert weights(run) == weights(reference)
    assert run.history == reference.history
    assert run.config["epochs"] == 3
    assert [record["total_steps"] for record in of(run, "plan")][-1] == 3 * STEPS
    assert steps(run, "control") == at


def test_the_rate_falls_over_the_new_length(train: Any) -> None:
    run = train({7: [("extend", 1)]}, epochs=2, warmup=3)
    rates = dict(run.history["learning_rate"])
    assert rates[8] == pytest.approx(1e-3 * (33 - 7) / 30)
    assert rates[33] == pytest.approx(1e-3 / 30)
    assert rates[7] == pytest.approx(1e-3 * (22 - 6) / 19)  # as planned, up to the wish


def test_extended_beyond_what_options_allow_is_said(train: Any) -> None:
    run = train({3: [("extend", 1000)]}, epochs=1)
    assert (run.status, run.head.total_steps) == ("done", STEPS)
    assert any("not extended" in record["text"] for record in of(run, "notice"))


def test_killed_after_changes_it_makes_them_again_at_their_steps(tiny: Path, train: Any) -> None:
    """No checkpoint holds the changes: the log alone would not bring them back."""
    run = in_worker(tiny, epochs=2, save_minutes=1000, background=True)
    run.pause()  # obeyed by a worker that is still loading: the run cannot be over before
    until(lambda: run.status == "paused")
    run.set_learning_rate(4e-4)
    run.extend(1)
    made = until(lambda: c if len(c := [r for r in of(run, "control") if r["action"] != "pause"]) == 2 else None)
    run.control("resume")
    at_step(run, made[0]["step"] + 1)
    kill(run)
    assert Checkpoints(run.path).steps() in ([], [STEPS])
    assert run.resume().status == "done"
    step = made[0]["step"]
    expected = train({step: [("set_learning_rate", 4e-4), ("extend", 1)]}, epochs=2)
    assert weights(run) == weights(expected)
    assert run.history["learning_rate"] == expected.history["learning_rate"]
    assert run.config["epochs"] == 3


def test_a_paused_run_looks_saves_and_grows(tiny: Path, shared_store: Path) -> None:
    run = in_worker(tiny, epochs=2, background=True, **LEVEL)
    run.pause()
    until(lambda: run.status == "paused")
    at = run.head.step
    answer = fmtools.steer(run.id, save=True)
    first = fault_in(run.path / "checkpoints" / str(at))
    answer = fmtools.steer(run.id, evaluate=True, save=True, extend=1, wait=60)
    assert [wish["step"] for wish in answer.wishes] == [at] * 3
    assert set(answer.metrics) >= {"accuracy", "loss"}
    assert (run.status, run.head.total_steps, first) == ("paused", 3 * STEPS, "")
    assert steps(run, "checkpoint").count(at) == 2  # the first knew nothing of the third epoch
    kill(run)
    assert run.resume(epochs="+1").status == "done"
    assert run.head.step == 4 * STEPS
    assert run.config["epochs"] == 4


def test_a_done_run_goes_on(train: Any, reference: fmtools.Run) -> None:
    run = train(epochs=1, **LEVEL)
    newest, _ = Checkpoints(run.path).newest()
    assert newest is not None
    assert newest.name == str(STEPS)
    with pytest.raises(FmError, match="is done") as caught:
        run.resume()
    assert "--epochs +1" in caught.value.cure
    with pytest.raises(OptionError, match="leaves nothing to do"):
        run.resume(epochs=1)
    assert run.resume(epochs=2).status == "done"
    assert run.resume(epochs="+1").status == "done"
    assert weights(run) == weights(reference)
    assert run.history == reference.history
    assert run.config["epochs"] == 3
    assert [mark.step for mark in run.view.increment().marks if mark.kind == "extend"] == [STEPS, 2 * STEPS]


def test_a_run_that_stopped_early_is_judged_anew(train: Any) -> None:
    options = {"patience": 1, "learning_rate": 1e-9, "head_learning_rate": 1e-9}
    run = train(epochs=6, **options)
    assert run.head.step == 2 * STEPS
    run.resume(epochs="+1")
    assert (run.status, run.head.step, run.config["epochs"]) == ("done", 3 * STEPS, 3)
