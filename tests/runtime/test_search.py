"""Searches of a tiny real model: trials are runs, a killed driver loses nothing, failures are told, bad ones end early."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.core.errors import FmError, OptionError
from fmtools.runtime import search as work
from fmtools.store import lease
from fmtools.store.runs import RunFolder
from fmtools.store.searches import SearchFolder
from support import leftovers, rows, until

pytestmark = [pytest.mark.slow]
SPACE = {"learning_rate": "1e-4..1e-2", "batch_size": [8, 16]}


def tune(encoder: Path, **options: Any) -> fmtools.api.Search:
    """Search the tiny encoder: 60 rows, an epoch a trial, two values of each option."""
    usual: dict[str, Any] = {"data": rows(60), "epochs": 1, "space": SPACE, "watch_every": 0, "precision": "fp32"}
    return fmtools.tune(**{"model": str(encoder), **usual, **options})


def driver_of(search: fmtools.api.Search) -> int:
    holder, _ = lease.newest(search.path)
    assert holder is not None
    return holder.pid


def test_a_killed_search_goes_on_and_its_best_line_repeats_the_best(tiny: Path, store: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("text,label\n" + "\n".join(f"{row['text']},{row['label']}" for row in rows(60)))
    search = tune(tiny, data=str(table), trials=3, name="kept", background=True)
    until(lambda: search.state.counted("done") >= 1 and search.state.counted("running"))
    os.kill(driver_of(search), signal.SIGKILL)
    until(lambda: search.status == "interrupted")
    before = {trial.number: trial for trial in search.trials}
    with search._folder.journal.open("ab") as journal:
        journal.write(b'{"op_code": 5, "wor')  # what a driver that is killed while it writes leaves behind

    again = fmtools.resume("kept")
    assert again.status == "done"
    assert [trial.number for trial in again.trials] == [0, 1, 2]
    for number, trial in before.items():  # trials that were done, and the one at work, are the same runs as before
        assert again.trials[number].run == trial.run
        assert again.trials[number].options == trial.options
    values = [trial.values[0] for trial in again.trials if trial.state == "done"]
    assert max(values) == again.best_trial.values[0]
    assert again.trials[0].options["learning_rate"] == 1e-4  # the options as they stand come first
    assert (again.best.path / "artifacts" / "model").is_dir()
    others = [trial.run for trial in again.trials if trial.run != again.best.id]
    assert not any((store / "runs" / run / "artifacts" / "model").exists() for run in others)
    assert leftovers(store) == []

    words = dict(re.findall(r"--([\w-]+) (\S+)", again.line()))
    assert words["batch-size"] == str(again.best_options["batch_size"])
    repeated = fmtools.train(**{name.replace("-", "_"): value for name, value in words.items()})
    assert repeated.history["validation/accuracy"][-1][1] == again.best_trial.values[0]

    with pytest.raises(FmError, match="is done: 3 trials"):
        fmtools.tune(resume="kept")


def test_two_trials_run_at_the_same_time_and_a_stop_saves_them(tiny: Path, store: Path) -> None:
    search = tune(tiny, trials=4, jobs=2, epochs=40, background=True)
    until(lambda: search.state.counted("running") == 2 and all(_step(search, t.run) > 2 for t in search.trials))
    search.stop()
    search.wait()
    assert search.status == "stopped"
    assert [trial.state for trial in search.trials] == ["stopped", "stopped"]
    heads = [fmtools.attach(trial.run).head for trial in search.trials]
    assert [head.status for head in heads] == ["stopped", "stopped"]
    assert all(0 < head.step < head.total_steps for head in heads)


def _step(search: fmtools.api.Search, run: str) -> int:
    del search
    return fmtools.attach(run).head.step if run else 0


def test_failures_at_the_start_end_a_search_with_their_cause(tiny: Path, store: Path) -> None:
    search = tune(tiny, trials=8, model="bert", from_scratch=True, space={"heads": [5, 7, 9, 11]})
    assert search.status == "failed"
    assert "--width 128 cannot be divided" in search.state.cause
    assert len(search.trials) == 3


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"space": ["lerning_rate=1e-5..1e-3"]}, "Did you mean learning_rate"),
    ({"space": ["batch_size=0|8"]}, "--batch-size '0' is not possible"),
    ({"trials": 0}, "--trials 0 is not possible"),
    ({"goals": ["f1_makro"]}, "Did you mean f1_macro"),
    ({"goals": ["seconds"]}, "Add a metric"),
    ({"goals": ["accuracy", "seconds"], "pruner": "median"}, "cannot tell a bad trial by two goals"),
    ({"space": ["model=minilm|nowhere/such-a-model"]}, "nowhere/such-a-model"),
]


@pytest.mark.parametrize(("options", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_mistakes_are_said_before_anything_is_written(
    options: dict[str, Any], said: str, tiny: Path, store: Path
) -> None:
    with pytest.raises(FmError, match=said):
        tune(tiny, **options)
    assert not list((store / "searches").glob("*"))
    assert not list((store / "runs").glob("*"))


def test_two_goals_make_a_front(tiny: Path, store: Path) -> None:
    space = {"max_length": [8, 64]}
    search = tune(tiny, trials=2, sampler="grid", space=space, goals=["accuracy", "seconds"])
    assert search.status == "done"
    values = {trial.number: trial.values for trial in search.trials}
    for number in search.state.best:
        mine = values[number]
        assert not any(other[0] > mine[0] and other[1] < mine[1] for other in values.values())
    assert search.front[0].id == search.best.id
    more = search.resume(trials=2 + 1)  # a grid has no more than its points
    assert len(more.trials) == 2


def test_a_search_that_nobody_drives_is_no_running_one(tiny: Path, store: Path) -> None:
    from fmtools.core.options import TuneOptions

    options = TuneOptions.parse({"model": str(tiny), "data": rows(60)})
    folder = work.prepare(options)
    assert SearchFolder(folder.path).state.status == "interrupted"
    assert not RunFolder(folder.path).path.joinpath("events").exists()
    with pytest.raises(OptionError, match="needs data"):
        TuneOptions.parse({"model": str(tiny)})
