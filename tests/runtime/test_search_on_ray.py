"""A search whose trials are tasks of a Ray cluster of its own: the same study and store, obeyed, killed and gone on with."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

import fmtools
from fmtools.core.errors import OptionError
from fmtools.store import lease
from support import leftovers, rows, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
with_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'fmtools[ray]'"
)
SPACE = {"learning_rate": "1e-4..1e-2", "batch_size": [8, 16]}


def tune(encoder: Path, **options: Any) -> fmtools.api.Search:
    usual = {"data": rows(60), "epochs": 1, "space": SPACE, "watch_every": 0, "precision": "fp32", "on": "ray"}
    return fmtools.tune(**{"model": str(encoder), **usual, **options})


def of_ray() -> set[int]:
    """Return the processes of Ray on this machine."""
    named = ((process.pid, str(process.info["name"])) for process in psutil.process_iter(["name"]))
    return {pid for pid, name in named if name in ("raylet", "gcs_server") or name.startswith("ray::")}


def parents_of(run: str) -> list[str]:
    """Return the names of the processes above a run's worker."""
    holder, _ = lease.newest(fmtools.attach(run).path)
    assert holder is not None
    return [process.name() for process in psutil.Process(holder.pid).parents()]


def driver_of(search: fmtools.api.Search) -> int:
    holder, _ = lease.newest(search.path)
    assert holder is not None
    return holder.pid


def steps_of(run: str) -> int:
    return fmtools.attach(run).head.step if run else 0


@with_ray
def test_trials_on_ray_survive_a_kill_of_the_driver_and_obey_a_stop(tiny: Path, store: Path) -> None:
    others = of_ray()
    search = tune(tiny, trials=3, jobs=2, epochs=60, name="clustered", background=True)
    until(lambda: search.state.counted("running") == 2 and all(steps_of(t.run) > 2 for t in search.trials), 800, 0.2)
    assert all(any(name.startswith("ray::") for name in parents_of(trial.run)) for trial in search.trials)
    before = {trial.number: (trial.run, trial.options) for trial in search.trials}

    os.kill(driver_of(search), signal.SIGKILL)
    until(lambda: of_ray() <= others, 120, 0.2)
    until(lambda: not any(lease.alive(fmtools.attach(run).path) for run, _ in before.values()), 120, 0.2)
    reached = {run: steps_of(run) for run, _ in before.values()}
    assert search.status == "interrupted"

    again = fmtools.resume("clustered", background=True)
    until(lambda: all(steps_of(run) > step for run, step in reached.items()), 800, 0.2)
    again.stop()
    again.wait()
    assert again.status == "stopped"
    assert {trial.number: (trial.run, trial.options) for trial in again.trials} == before
    assert [fmtools.attach(run).head.status for run, _ in before.values()] == ["stopped", "stopped"]
    until(lambda: of_ray() <= others, 120, 0.2)
    assert leftovers(store) == []


@with_ray
def test_a_search_on_ray_ends_with_the_best_of_its_trials(tiny: Path, store: Path) -> None:
    others = of_ray()
    search = tune(tiny, trials=3, jobs=2)
    assert search.status == "done", search.state.cause
    assert [trial.state for trial in search.trials] == ["done"] * 3
    assert search.best_trial.values[0] == max(trial.values[0] for trial in search.trials)
    assert (search.best.path / "artifacts" / "model").is_dir()
    assert "--on" not in search.line()
    assert not any(fmtools.attach(trial.run).config["on"] for trial in search.trials)  # no cluster in the cluster
    assert any("Ray cluster made for the search" in said for said in search._folder.record.notices)
    until(lambda: of_ray() <= others, 120, 0.2)


def test_what_cannot_be_reached_is_said_before_anything_is_written(
    tiny: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionError, match="--on takes ray or ray://HOST:PORT"):
        tune(tiny, on="http://example.org")
    monkeypatch.setattr("fmtools.runtime.on_ray.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="Ray is not installed"):
        tune(tiny)
    assert not list((store / "searches").glob("*"))
    assert not list((store / "runs").glob("*"))
