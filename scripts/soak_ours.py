"""fmtools in the soak: runs of three tasks, killed and resumed, compared with a run that nobody disturbed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from soak_fork import Fork, Moments

import fmtools
import samples
import support
from fmtools.core.options import TrainOptions
from fmtools.runtime import launch, worker
from fmtools.store import controls, lease
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in
from fmtools.views.follow import RunView

TASKS = ("text-classification", "token-classification", "text-generation")
#: A checkpoint after every step; two epochs.
OPTIONS = {"epochs": 2, "save_minutes": 1e-6, "seed": 5, "precision": "fp32", "max_steps": None}


class Ours:
    """One task's runs. `seen` maps (series, step) to the value that a reader saw before a kill."""

    def __init__(self, task: str, model: Path) -> None:
        self.task = task
        asked = {**samples.options_for(task, model), **OPTIONS, "batch_size": 8, "data": samples.rows_for(task)}
        self.options = {name: value for name, value in asked.items() if value is not None}
        self.violations: list[str] = []
        self.kills = self.runs = self.failed = self.lost = self.points = 0
        reference = self._begin()
        self.process.wait(self._look)
        self.total = len(support.records(reference))
        self.history, self.weights = reference.history, support.weights(reference)

    def _begin(self) -> fmtools.Run:
        self.folder = launch.prepare(TrainOptions.parse({"task": self.task, **self.options}))
        self.seen: dict[tuple[str, int], float] = {}
        self._attempt()
        return fmtools.attach(self.folder.id)

    def _attempt(self) -> None:
        self.view, self.read = RunView(self.folder), 0
        obeyed = controls.names(self.folder.path)

        def work() -> int:
            attempt = lease.claim(self.folder.path).attempt
            return worker.run(self.folder.path, attempt, obeyed=obeyed, on_signal=True)

        self.process = Fork(work, self.folder.path / "worker.log")

    def _look(self) -> int:
        """Read what the log says, as the server does; return how many records it has."""
        self.view.update()
        self.read = self.view.reducer.last_seq
        return self.read

    def one_run(self, kills: int, moments: Moments) -> None:
        """Train one run to its end, with at most `kills` kills on the way."""
        run = self._begin()
        while kills > 0 and self._killed(moments):
            kills -= 1
            self._remember()
            self._check_dead(run)
            self._attempt()
        self.process.wait(self._look)
        self._check_done(run)

    def _killed(self, moments: Moments) -> bool:
        before = self._look()
        left = max(4, self.total * (1 - self.view.head().step / max(1, self.view.head().total_steps)))
        alive = moments.wait(self.process, self._look, before + int(left), before)
        hit = self.process.kill() and alive
        self.kills += hit
        if not hit and self.process.status:
            self.failed += 1
            self._must(False, f"an attempt ended with status {self.process.status}: {self.view.head().error}")
        return hit

    def _remember(self) -> None:
        """Keep what the reader had seen when the kill came, which is never taken back."""
        for point in self.view.increment().points:
            self.seen[point.series, point.step] = point.value

    def _check_dead(self, run: fmtools.Run) -> None:
        seqs = [record["seq"] for record in support.records(run)]
        self._must(run.status == "interrupted", f"it reads as {run.status} after a kill")
        self._must(seqs == list(range(1, len(seqs) + 1)), "it has a gap in its log")
        steps = Checkpoints(run.path).steps()
        bad = [fault for step in steps if (fault := fault_in(run.path / "checkpoints" / str(step)))]
        self._must(not bad, f"it has a published checkpoint that is not whole: {bad}")
        claimed = [r["step"] for r in support.records(run) if r["type"] == "checkpoint"]
        self._must(not claimed or max(steps, default=0) >= max(claimed), "it has lost its newest checkpoint")

    def _check_done(self, run: fmtools.Run) -> None:
        self.runs += 1
        self._must(run.status == "done", f"it ended as {run.status}: {run.head.error}")
        final = {(series, step): value for series, points in run.history.items() for step, value in points}
        gone = [place for place, value in self.seen.items() if final.get(place) != value]
        self.points, self.lost = self.points + len(self.seen), self.lost + len(gone)
        self._must(not gone, f"it has lost points that were seen: {gone[:3]}")
        if run.status == "done":
            self._must(support.weights(run) == self.weights, "it has other weights")
            self._must(run.history == self.history, "it has other curves")
            self._must(not support.leftovers(run.path), "it has leftovers")

    def _must(self, true: bool, sentence: str) -> None:
        if not true:
            self.violations.append(f"{self.task} {self.folder.id}: {sentence}")

    def facts(self) -> dict[str, Any]:
        """Return the counts."""
        names = ("kills", "runs", "failed", "points", "lost", "violations")
        return {name: getattr(self, name) for name in names}


def home(folder: Path) -> None:
    """Put the runs under a folder."""
    os.environ["FMTOOLS_HOME"] = str(folder / "soak-runs")
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
