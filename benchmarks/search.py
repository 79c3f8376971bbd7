"""A hyper-parameter search of 20 trials with pruning, killed half-way; then the same trials one by one and two at a time."""

from __future__ import annotations

import csv
import os
import signal
import time
from pathlib import Path
from typing import Any

import fmtools
from fmtools.runtime import launch
from fmtools.store import lease

from .figures import Aim, Figure
from .settings import Settings, scratch

#: Rows of each intent, a split each. Few and one epoch: the default rates, meant for three epochs of all rows, are too low.
EACH = {"train": 20, "validation": 10, "test": 15}
TRIALS, SIDE_BY_SIDE = 20, 6
TOLD: dict[str, Any] = {
    "task": "text-classification",
    "model": "minilm",
    "epochs": 1,
    "watch_every": 0,
    "max_length": 32,
}


def run(settings: Settings) -> list[Figure]:
    """Search on a part of the built-in set `intents`; the test rows are scored, and never chosen by."""
    trials = 4 if settings.quick else TRIALS
    with scratch() as folder:
        told = {**TOLD, "data": str(_part(folder, few=settings.quick)), "max_steps": 4 if settings.quick else None}
        found, kept, lost, seconds = _killed(told, trials)
        first, best, cut = found.trials[0], found.best_trial, found.state.counted("pruned")
        tested = [_score(fmtools.attach(trial.run)) for trial in (first, best)]
        alone, both = _pace(told, 2 if settings.quick else SIDE_BY_SIDE)
    return [
        Figure("accuracy of the options as they stand, test", [tested[0]]),
        Figure("accuracy of the best trial, test", [tested[1]]),
        Figure("  won on rows that no trial was chosen by", [tested[1] - tested[0]], "", Aim(">=", 0.01)),
        Figure("  won on the validation rows", [best.values[0] - first.values[0]]),
        Figure("trials cut short", [cut], "", note=f"of {trials}"),
        Figure("trials done before the driver was killed", [kept]),
        Figure("  of them lost or trained again", [lost], "", Aim("<=", 0)),
        Figure("time of the search", [seconds], "s", note="both drivers"),
        Figure("trials one after the other", [alone], "s", note="no pruning"),
        Figure("the same, two at a time", [both], "s"),
        Figure("  time of two at a time, of one after the other", [both / alone], "ratio", Aim("<=", 0.95)),
    ]


def _killed(told: dict[str, Any], trials: int) -> tuple[fmtools.api.Search, int, int, float]:
    """Search, kill the driver half-way, resume; return the search, trials over before, those of them changed, seconds."""
    began = time.perf_counter()
    search = fmtools.tune(**told, trials=trials, background=True)
    while len(_over(search)) < trials // 2:
        if search.status not in ("queued", "running"):
            raise RuntimeError(f"The search ended early: {search.text()}")
        time.sleep(0.2)
    holder, _ = lease.newest(search.path)
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    while search.status == "running":
        time.sleep(0.05)
    before = _over(search)
    search = search.resume()
    if search.status != "done":
        raise RuntimeError(search.text())
    after = _over(search)
    lost = sum(after.get(number) != known for number, known in before.items())
    return search, len(before), lost, time.perf_counter() - began


def _over(search: fmtools.api.Search) -> dict[int, tuple[str, str, tuple[float, ...]]]:
    over = [trial for trial in search.trials if trial.state in ("done", "pruned", "failed")]
    return {trial.number: (trial.run, trial.state, tuple(trial.values)) for trial in over}


def _pace(told: dict[str, Any], trials: int) -> tuple[float, float]:
    """Return the seconds of the same trials with one job and with two."""
    seconds = []
    for jobs in (1, 2):
        began = time.perf_counter()
        search = fmtools.tune(**told, trials=trials, jobs=jobs, sampler="random", pruner="none")
        seconds.append(time.perf_counter() - began)
        if search.state.counted("done") != trials:
            raise RuntimeError(search.text())
    return seconds[0], seconds[1]


def _score(run: fmtools.Run) -> float:
    if run.head.metrics_split != "test":
        raise RuntimeError(f"{run.name} was not scored on the test rows")
    return run.metrics["accuracy"]


def _part(folder: Path, few: bool) -> Path:
    """Write a part of the set as CSV files, a split each: rows of every intent, none in two splits."""
    table = launch.load("intents").splits["train"]
    pairs = list(dict.fromkeys(zip(table["text"].to_pylist(), table["intent"].to_pylist(), strict=True)))
    by_label: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        by_label.setdefault(pair[1], []).append(pair)
    labels = [label for label, found in by_label.items() if len(found) >= sum(EACH.values())][: 4 if few else None]
    place = folder / "data"
    place.mkdir()
    start = 0
    for split, each in EACH.items():
        with (place / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = [pair for label in labels for pair in by_label[label][start : start + each]]
            csv.writer(file).writerows([("text", "intent"), *rows])
        start += each
    return place
