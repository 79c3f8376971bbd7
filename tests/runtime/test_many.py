"""Several processes on this machine: they learn what one learns, obey together, and die together."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from safetensors.torch import load_file

import fmtools
import samples
from fmtools.core.errors import OptionError
from support import at_step, gone, pid_of, records, steps_of, train, until, weights

pytestmark = pytest.mark.slow
#: Long enough to be interrupted; 7 rows a batch leave a last one of 2 for 3 processes: one has none.
LONG = {"epochs": 8, "batch_size": 7, "dropout": 0.1}


def ranks_of(run: fmtools.Run) -> list[int]:
    """Return the process ids of a run's ranks, in their order."""
    return sorted(child.pid for child in psutil.Process(pid_of(run)).children())


def differences(a: fmtools.Run, b: fmtools.Run) -> dict[str, float]:
    """Return the largest differences of two runs: losses, gradients and weights."""
    pairs = list(zip(steps_of(a), steps_of(b), strict=True))
    assert all((x["samples"], x["tokens"]) == (y["samples"], y["tokens"]) for x, y in pairs)
    first, second = (load_file(run.path / "artifacts/model/model.safetensors") for run in (a, b))
    return {
        "loss": max(abs(x["loss"] - y["loss"]) for x, y in pairs),
        "gradient": max(abs(x["grad_norm"] - y["grad_norm"]) / x["grad_norm"] for x, y in pairs),
        "weights": max(float((first[name] - second[name]).abs().max()) for name in first),
    }


@pytest.mark.parametrize("task", ["text-classification", "token-classification"])
def test_processes_learn_what_one_process_learns(task: str, tiny: Path, shared_store: Path) -> None:
    # 54 rows in batches of 53: the last batch is one row, and two of three processes have none.
    asked = {
        **samples.options_for(task, tiny),
        "max_steps": None,
        "epochs": 2,
        "batch_size": 53,
        "gradient_accumulation": 1,
    }
    exact = {"dropout": 0.0, "precision": "fp32", "seed": 3, "optimizer": "sgd", "learning_rate": 0.1, **asked}
    rows = samples.rows_for(task)
    one, three = (fmtools.train(task, data=rows, processes=number, **exact) for number in (1, 3))
    assert one.status == three.status == "done"
    found = differences(one, three)
    assert max(found.values()) < 1e-5, found
    assert three.metrics["loss"] == pytest.approx(one.metrics["loss"], abs=1e-5)


@pytest.fixture(scope="module")
def reference(tiny: Path, shared_store: Path) -> fmtools.Run:
    """A run of two processes, with dropout, that nobody touched."""
    return train(tiny, **LONG, processes=2)


def test_a_killed_process_fails_the_run_which_resumes_bit_for_bit(tiny: Path, reference: fmtools.Run) -> None:
    run = train(tiny, **LONG, processes=2, background=True)
    at_step(run, 20)
    victims = ranks_of(run)
    os.kill(victims[1], signal.SIGKILL)
    until(lambda: run.status == "failed")
    assert run.head.error.startswith("Process 1 of 2 was killed (SIGKILL)")
    assert all(gone(pid) for pid in victims)
    ended = fmtools.resume(run.id)
    assert ended.status == "done"
    assert weights(ended) == weights(reference)


def test_a_killed_worker_takes_its_processes_along(tiny: Path, reference: fmtools.Run) -> None:
    run = train(tiny, **LONG, processes=2, background=True)
    at_step(run, 15)
    worker, children = pid_of(run), ranks_of(run)
    assert len(children) == 2
    os.kill(worker, signal.SIGKILL)
    until(lambda: all(gone(pid) for pid in children), seconds=5)
    until(lambda: run.status == "interrupted")
    ended = fmtools.resume(run.id, processes=1)
    assert ended.status == "done"
    assert [record["device"] for record in records(ended) if record["type"] == "plan"] == ["2 x cpu", "cpu"]


def test_all_processes_obey_at_the_same_step(tiny: Path, reference: fmtools.Run) -> None:
    run = train(tiny, **{**LONG, "epochs": 40}, processes=2, background=True)
    at_step(run, 3)
    run.pause()
    until(lambda: run.status == "paused")
    run.set_learning_rate(5e-4)
    run.control("resume")
    until(lambda: any(r["type"] == "control" and r["action"] == "resume" for r in records(run)))
    os.kill(pid_of(run), signal.SIGTERM)
    ended = run.wait()
    assert ended.status == "stopped"
    assert [r["action"] for r in records(run) if r["type"] == "control"][-1] == "stop"
    assert any(artifact.path.name == "model" for artifact in ended.artifacts)


def test_what_cannot_be_shared_is_said_before_a_run_exists(tiny: Path, shared_store: Path) -> None:
    before = len(fmtools.runs().rows)
    with pytest.raises(OptionError, match="cannot share a batch of 2 rows"):
        train(tiny, processes=3, batch_size=2)
    with pytest.raises(OptionError, match="one process"):
        train(tiny, processes=2, inline=True)
    assert len(fmtools.runs().rows) == before


def test_a_loss_within_a_batch_is_said_to_differ() -> None:
    from fmtools.core.options import TrainOptions
    from fmtools.runtime import many

    asked = TrainOptions(task="sentence-similarity", data="faq", batch_size=15, processes=2)
    said = many.check(asked)
    assert any("8 rows of 15" in line and "--batch-size 30" in line for line in said), said
    assert not any("rows of" in line for line in many.check(asked.model_copy(update={"task": "text-classification"})))
