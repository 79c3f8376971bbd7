"""The driver of a search: it works in a process of its own (search_main), without torch.

It asks the study what to try, lets workers train it, reads their logs, ends those that will not become good, and goes on
until the trials or the time are used up. It can be killed at any moment: trials are runs with logs and checkpoints of
their own, and the next driver takes up those that still run or were begun.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from ..core.errors import FmError
from ..core.search import OVER, SearchState, TrialState, front
from ..store import controls
from ..store.runs import RunFolder, home
from ..store.searches import SearchFolder
from .search_past import drop_weights, remembered, run_of, wait_until_left
from .search_place import place_of
from .search_study import Study
from .search_trials import Active, TrialRun, make

#: Seconds between two looks; failures in a row, before anything worked, that end a search; workers lost to one trial.
LOOK, HOPELESS, LOST = 0.2, 3, 2


class Driver:
    """One driver's work. `say` is told each new state; `Driver.run` returns when the search has ended or was stopped."""

    def __init__(
        self, folder: SearchFolder, obeyed: list[str], say: Callable[[SearchState], None] | None = None
    ) -> None:
        self.folder, self.record = folder, folder.record
        self.module = folder.module
        self.study = Study(folder.journal, self.record)
        before = folder.state
        self.state = SearchState(
            status="running", elapsed=before.elapsed, wanted=before.wanted or self.record.trials, on=before.on
        )
        on = self.record.on if before.on is None else before.on
        self.place = place_of(on, self.record.jobs, int(self.record.told.get("processes", 1)))
        self.seconds = self.record.seconds if before.seconds is None else before.seconds
        self.active: list[Active] = []
        self.leaving = self.ending = False
        self._began = time.monotonic() - before.elapsed
        self._controls = controls.ControlReader(folder.path, obeyed)
        self._say = say or folder.save
        self._said = ""
        self._bare: set[str] = set()

    # --- the loop ---

    def run(self) -> None:
        """Search until there is nothing left to try, the time is up, or somebody says stop."""
        with self.place:
            self._run()

    def _run(self) -> None:
        self.state.trials, begun = remembered(self.study, self.record)
        for trial in begun:
            self._adopt(trial)
        self.state.best = front(self.state.trials, self.record.goals)
        self.state.importance = self.study.importance()
        while True:
            self._obey()
            for one in list(self.active):
                self._watch(one)
            while not self.leaving and len(self.active) < self.record.jobs and self._more():
                self._launch(self.study.ask())
            if not self.active and (self.leaving or not self._more()):
                break
            self._publish()
            time.sleep(LOOK)
        self._end()

    def _more(self) -> bool:
        """Say whether another trial may begin."""
        if self.ending or self.state.status == "failed" or self._late():
            return False
        begun = len(self.state.trials)
        on_grid = self.record.sampler != "grid" or self.study.waiting() > 0
        return begun < self.state.wanted and on_grid

    def _late(self) -> bool:
        """Say whether the time is up, or would be long before another trial of the usual length has ended."""
        if self.seconds is None:
            return False
        usual = sorted(trial.seconds for trial in self.state.trials if trial.state == "done")
        half = usual[len(usual) // 2] / 2 if usual else 0.0
        return self._elapsed() + half > self.seconds

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _obey(self) -> None:
        for wish in self._controls.read():
            if wish.action == "stop":
                self.leave()
        if self.seconds is not None and self._elapsed() > self.seconds and self.state.counted("done"):
            for one in self.active:
                self._prune(one, "The time was up.")

    def leave(self) -> None:
        """Stop and save every trial at work; nothing is told to the study, so that a resume goes on with them."""
        if not self.leaving:
            self.leaving = True
            for one in self.active:
                one.run.stop()
                self.place.withdraw(one.run.run)

    # --- a trial's life ---

    def _launch(self, trial: Any, run: RunFolder | None = None) -> None:
        """Begin a trial that was asked for; one whose options do not go together has failed."""
        chosen = self._chosen(trial)
        state = TrialState(number=trial.number, state="running", options=chosen)
        self.state.trials.append(state)
        try:
            if run is None:
                run = make(self.record, trial.number, chosen, self.module)
                trial.set_user_attr("run", run.id)
            self.place.start(run)
        except FmError as error:
            self._over(trial, state, "failed", cause=str(error))
            return
        state.run, state.name = run.id, run.record.name
        self.active.append(Active(trial, state, self._trial_run(run)))
        if self._more() or len(self.active) < self.record.jobs:
            self.place.expect()

    def _trial_run(self, run: RunFolder) -> TrialRun:
        return TrialRun(run, self.record, self.place.holds)

    def _adopt(self, trial: Any) -> None:
        """Take up a trial that an earlier driver began: its worker may be at work, have ended meanwhile, or be gone."""
        run = run_of(trial)
        if run is None:
            self._launch(trial)
            return
        state = TrialState(
            number=trial.number, state="running", options=self._chosen(trial), run=run.id, name=run.record.name
        )
        one = Active(trial, state, self._trial_run(run))
        one.run.update()
        one.torn = self.place.ends_trials and not one.run.ended  # it is about to save itself and stop
        self.state.trials.append(state)
        unfinished = one.run.ended and one.run.outcome in ("stopped", "interrupted")
        if unfinished and not one.stopping and not one.run.broken:
            wait_until_left(one.run)
            self.place.start(run)
            one.run = self._trial_run(run)
        self.active.append(one)

    def _chosen(self, trial: Any) -> dict[str, Any]:
        found = {}
        for dimension in self.record.space:
            value = trial.params[dimension.name]
            default = self.record.defaults.get(dimension.name)
            found[dimension.name] = value if value == default else dimension.rounded(value)
        return found

    def _watch(self, one: Active) -> None:
        one.run.update()
        one.state.seconds = round(one.run.seconds, 2)
        one.state.reports = one.run.reports
        if said := one.run.missing():
            self._hopeless(said, "Choose one of these with --goal.")
        if one.run.ended:
            self.active.remove(one)
            self._ended(one)
        elif one.run.broken:
            self._stop(one)
        elif len(self.record.goals) == 1 and not self.leaving:
            self._report(one)

    def _report(self, one: Active) -> None:
        """Tell the study of new evaluations; end a trial that it gives up, unless it is about to end by itself."""
        new = [(rung, value) for rung, value in one.run.reports if rung not in one.reported]
        for rung, value in new:
            one.trial.report(value, rung)
            one.reported.add(rung)
        if new and one.run.evaluations[-1][0] < one.run.total and one.trial.should_prune():
            self._prune(one, "Cut short: others were better at this point.")

    def _prune(self, one: Active, cause: str) -> None:
        if not one.stopping:
            one.trial.set_user_attr("pruning", cause)
            self._stop(one)

    def _stop(self, one: Active) -> None:
        if not one.stopping:
            one.stopping = True
            one.run.stop()
            self.place.withdraw(one.run.run)

    def _ended(self, one: Active) -> None:
        """Tell the study how a trial has ended; a trial that was stopped to be gone on with stays open."""
        outcome, values = one.run.outcome, one.run.values()
        pruned = one.trial.user_attrs.get("pruning", "")
        if outcome == "done" and values is not None:
            self._over(one.trial, one.state, "done", values=values)
        elif outcome == "done" or one.run.broken:
            cause = one.run.broken or "The evaluation gave no number."
            self._over(one.trial, one.state, "failed", cause=cause)
        elif outcome == "failed":
            self._over(one.trial, one.state, "failed", cause=one.run.cause or "The training failed.")
        elif pruned and outcome in ("stopped", "interrupted"):
            self._over(one.trial, one.state, "pruned", cause=pruned)
        elif self.leaving:
            one.state.state = "stopped"
        elif outcome == "stopped" and not one.torn and not self.place.lost(one.run.run):
            self._over(one.trial, one.state, "pruned", cause="Stopped by hand.")
        else:
            self._again(one)

    def _again(self, one: Active) -> None:
        """Go on with a trial whose worker died without a word, or with its place; one that keeps dying has failed."""
        run = one.run.run
        if not one.torn:
            one.deaths += 1
        if one.deaths >= LOST or (run.attempt() > LOST and not one.torn):
            cause = self.place.lost(run) or "The worker ended without saying why, perhaps for want of memory."
            self._over(one.trial, one.state, "failed", cause=cause)
            return
        one.torn = False
        wait_until_left(one.run)
        with contextlib.suppress(FmError):
            self.place.start(run)
        self.active.append(one)

    def _over(
        self, trial: Any, state: TrialState, how: str, *, values: list[float] | None = None, cause: str = ""
    ) -> None:
        trial.set_user_attr("facts", {"seconds": state.seconds, "cause": cause, "options": state.options})
        if how == "pruned" and len(self.record.goals) > 1:
            how = "failed"
        self.study.tell(trial, how, values)
        state.state, state.cause = how, cause  # type: ignore[assignment]
        state.values = [float(value) for value in values or ()]
        self.state.best = front(self.state.trials, self.record.goals)
        if how == "done":
            self.state.importance = self.study.importance()
        elif how == "failed":
            self._judge_failures()
        self._tidy()
        self._publish()

    def _judge_failures(self) -> None:
        over = [trial for trial in self.state.trials if trial.state in OVER]
        if len(over) >= HOPELESS and all(trial.state == "failed" for trial in over):
            self._hopeless(
                f"The first {len(over)} trials failed. {over[-1].cause}", "Try the training alone: %fm_train."
            )

    def _hopeless(self, cause: str, cure: str) -> None:
        if self.state.status != "failed":
            self.state.status, self.state.cause, self.state.cure = "failed", cause, cure
            self.leave()

    # --- what this driver leaves ---

    def _tidy(self) -> None:
        """Take the weights of trials that are not the best from the disk: twenty models of a gigabyte are a full disk."""
        over = [t for t in self.state.trials if t.state in OVER and t.run and t.number not in self.state.best]
        for trial in over if self.record.weights == "best" else ():
            if trial.run not in self._bare and drop_weights(RunFolder(home() / "runs" / trial.run)):
                self._bare.add(trial.run)

    def _publish(self) -> None:
        self.state.elapsed = round(self._elapsed(), 1)
        plain = self.state.model_dump_json(exclude={"elapsed"})
        if plain != self._said:
            self._said = plain
            self._say(self.state)

    def _end(self) -> None:
        """Leave the true status behind."""
        for trial in self.state.trials:
            if trial.run:
                wait_until_left(TrialRun(RunFolder(home() / "runs" / trial.run), self.record))
        self._tidy()
        if self.state.status == "running":
            self.state.status = "stopped" if self.leaving else "done"
            if self.leaving:
                self.state.message = f"Stopped and saved; `%fm_resume {self.record.name}` goes on with it."
            elif self._late() and len(self.state.trials) < self.state.wanted:
                self.state.message = f"The time was up after {len(self.state.trials)} trials."
        self._publish()
