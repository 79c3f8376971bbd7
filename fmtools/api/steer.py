"""steer: write wishes for a run at work, and see whether it obeys."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..core.errors import FmError, OptionError
from ..core.events import ControlAction
from ..core.options import SteerOptions
from ..runtime.wait import Follower
from ..store.log import LogReader
from ..store.runs import find_run
from ..views.steering import obeyed_html, obeyed_text
from .results import Shown
from .run import Run

#: Seconds between two looks for the answer.
LOOK = 0.02


@dataclass(repr=False)
class Steered(Shown):
    """What a run was asked for: `wishes` have action, value and the step at which it was obeyed (None: not yet)."""

    run: str
    status: str
    wishes: list[dict[str, Any]]
    metrics: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {"run": self.run, "status": self.status, "wishes": self.wishes, "metrics": self.metrics}

    def text(self) -> str:
        return obeyed_text(self.run, self.status, self.wishes, self.metrics)

    def html(self) -> str:
        return obeyed_html(self.run, self.status, self.wishes, self.metrics)


def steer(options: SteerOptions, follower: Follower) -> Steered:
    """Ask, and wait until the run has obeyed or `options.wait` seconds are over. Raises FmError when nobody is at work."""
    del follower
    wishes = _wishes(options)
    if not wishes:
        raise OptionError("There is nothing to do.", "Add --evaluate, --save, --extend or --learning-rate.")
    run = Run(find_run(options.run))
    log = LogReader(run.path / "events")
    log.read()
    for action, value in wishes:
        run.control(action, value)
    asked = [{"action": action, "value": value, "step": None} for action, value in wishes]
    scores = _follow(run, log, asked, time.monotonic() + options.wait)
    return Steered(run.name, run.status, asked, scores)


def _wishes(options: SteerOptions) -> list[tuple[ControlAction, float | None]]:
    """Return the wishes in the order in which they make sense: changes first, then the look, then the save."""
    found: list[tuple[ControlAction, float | None]] = []
    if options.learning_rate is not None:
        found.append(("set_learning_rate", options.learning_rate))
    if options.extend is not None:
        found.append(("extend", options.extend))
    if options.evaluate:
        found.append(("evaluate", None))
    if options.save:
        found.append(("save", None))
    return found


def _follow(run: Run, log: LogReader, asked: list[dict[str, Any]], deadline: float) -> dict[str, float]:
    """Fill in the steps at which wishes are obeyed; return the scores of the evaluation that was asked for."""
    scores: dict[str, float] = {}
    while True:
        over = not run.head.alive  # looked at first: what is read afterwards is all there will be
        for record in log.read():
            if record["type"] == "control":
                _fill(asked, record)
            elif record["type"] == "eval" and any(wish["action"] == "evaluate" for wish in asked):
                scores = dict(record["metrics"])
        if all(wish["step"] is not None for wish in asked) or over or time.monotonic() >= deadline:
            return scores
        time.sleep(LOOK)


def _fill(asked: list[dict[str, Any]], record: dict[str, Any]) -> None:
    for wish in asked:
        if wish["step"] is None and (wish["action"], wish["value"]) == (record["action"], record.get("value")):
            wish["step"] = record["step"]
            return


def extension(epochs: str, run: Run) -> float:
    """Return how many epochs `+2` (more) or `5` (in all) adds to a run that is not at work; below 0 it ends sooner.

    A run that is done counts from where it ended. Raises OptionError when nothing would be left to train.
    """
    head = run.head
    planned = head.epochs or (0.0 if run.config.get("max_steps") else float(run.config["epochs"]))
    if epochs.startswith("+"):
        begin = head.epoch if head.status == "done" else planned
        return float(epochs) + begin - planned
    if not planned:
        raise OptionError(
            f"It is not known yet how many epochs run {run.name} has.", "--epochs +2 adds two, however long it is."
        )
    if float(epochs) <= head.epoch:
        raise OptionError(
            f"Run {run.name} has been trained for {head.epoch:g} epochs: --epochs {epochs} leaves nothing to do.",
            "--epochs +1 adds one.",
        )
    return float(epochs) - planned


def refuse_done(run: Run) -> FmError:
    """Return what is said when a run that is done is to be resumed as it is."""
    return FmError(
        f"Run {run.name} is done: all its {run.head.total_steps} steps are trained.",
        f"`%fm_resume {run.id} --epochs +1` trains one more epoch.",
    )
