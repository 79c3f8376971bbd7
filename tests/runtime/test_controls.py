"""Pause, resume, another rate, stop - by control records and by signal - and the resume after a stop."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

import fmtools
from fmtools.core.errors import FmError
from fmtools.runtime import process
from fmtools.store import controls
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in
from support import at_step, pid_of, records, steps_of, train, until, weights

LONG = {"epochs": 6}
RATE = 5e-4
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reference(tiny: Path, shared_store: Path) -> fmtools.Run:
    """The run that nobody touched."""
    return train(tiny, **LONG, inline=True)


@pytest.fixture(scope="module")
def paused(tiny: Path, reference: fmtools.Run) -> tuple[fmtools.Run, int, int]:
    """A run that was paused, looked at two seconds later, let go on and stopped; and the steps it showed meanwhile."""
    run = train(tiny, **LONG, background=True)
    at_step(run, 3)
    run.pause()
    until(lambda: run.status == "paused")
    first = run.head.step
    time.sleep(2)
    second = run.head.step
    run.control("resume")
    at_step(run, second + 3)
    return fmtools.stop(run.id), first, second


def test_a_paused_run_makes_no_step(paused: tuple[fmtools.Run, int, int]) -> None:
    run, first, second = paused
    assert first == second
    said = [record["action"] for record in records(run) if record["type"] == "control"]
    assert said == ["pause", "resume", "stop"]


def test_a_stopped_run_has_a_model_and_a_whole_checkpoint_of_its_last_step(
    paused: tuple[fmtools.Run, int, int],
) -> None:
    run, _, _ = paused
    assert run.status == "stopped"
    assert [artifact.path.name for artifact in run.artifacts] == ["model"]
    assert fault_in(run.path / "artifacts/model") == ""
    newest, said = Checkpoints(run.path).newest()
    assert (newest.name if newest else "", said) == (str(run.head.step), [])
    assert fmtools.predict(run.id, text=["good day"])[0]["label"] in {"glad", "angry", "asking"}


def test_a_stopped_run_resumes_to_the_weights_of_the_untouched_one(
    paused: tuple[fmtools.Run, int, int], reference: fmtools.Run
) -> None:
    run = paused[0].resume()
    assert run.status == "done"
    assert weights(run) == weights(reference)
    assert run.history == reference.history
    with pytest.raises(FmError, match="is done") as caught:
        run.resume()
    assert caught.value.cure


def test_another_rate_counts_from_the_next_steps_and_stays_after_a_resume(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, **LONG, schedule="constant_with_warmup", warmup=0.0, background=True)
    at_step(run, 2)
    run.set_learning_rate(RATE)
    changed = until(lambda: next((r for r in records(run) if r["type"] == "control"), None))["step"]
    at_step(run, changed + 3)
    fmtools.stop(run.id)
    before = {s["step"]: s["learning_rate"] for s in steps_of(run)}
    assert all(before[step] == pytest.approx(1e-3) for step in before if step <= changed)
    assert all(before[step] == pytest.approx(RATE) for step in before if step > changed)
    assert before.keys() & range(changed + 1, changed + 3)
    run.resume(background=True)
    at_step(run, max(before) + 2, attempt=2)
    fmtools.stop(run.id)
    assert all(s["learning_rate"] == pytest.approx(RATE) for s in steps_of(run, 2))


def test_a_wish_is_obeyed_by_a_worker_that_is_still_loading(tiny: Path, shared_store: Path) -> None:
    """A resume in the background returns before its worker has read anything; old wishes are not obeyed again."""
    run = train(tiny, **LONG, background=True)
    at_step(run, 2)
    run.stop()
    run.wait()
    run.resume(background=True)
    run.pause()
    until(lambda: run.status == "paused")
    assert run.head.attempt == 2
    assert [r["action"] for r in records(run) if r["type"] == "control" and r["attempt"] == 2] == ["pause"]
    fmtools.stop(run.id)


def test_sigterm_saves_and_exits_143(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, **LONG, background=True)
    worker = next(worker for worker in process._sent if worker.pid == pid_of(run))
    at_step(run, 4)
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.process.wait(10) == 143  # what clusters give before they kill
    assert run.status == "stopped"
    assert [r["by"] for r in records(run) if r["type"] == "control"] == ["SIGTERM"]
    newest, _ = Checkpoints(run.path).newest()
    assert newest is not None
    assert int(newest.name) == run.head.step
    assert fault_in(run.path / "artifacts/model") == ""


def test_there_is_nothing_to_steer_in_an_ended_run(reference: fmtools.Run) -> None:
    for wish in (reference.pause, reference.stop):
        with pytest.raises(FmError, match=r"is done: there is nothing to (pause|stop)\."):
            wish()
    assert controls.names(reference.path) == []


@pytest.mark.fault
def test_of_two_resumes_one_is_refused_with_the_pid_of_the_other(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, **LONG, background=True)
    at_step(run, 2)
    run.stop()
    run.wait()
    run.resume(background=True)
    holder = pid_of(run)
    process.warm_up()
    waiting = process._standby
    with pytest.raises(FmError) as caught:
        fmtools.resume(run.id, background=True)
    assert str(holder) in caught.value.cause or "is running" in caught.value.cause
    assert caught.value.cure
    assert process._standby is waiting  # a worker that was taken in vain is the standby again
    run.control("stop")
    run.wait()
    assert [r["attempt"] for r in records(run) if r["type"] == "status" and r["status"] == "stopped"] == [1, 2]
