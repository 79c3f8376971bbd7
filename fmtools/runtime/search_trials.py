"""A trial's run: how it is made from a search's record, and what its log says so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.events import ENDED, Control
from ..core.goals import lower_is_better
from ..core.options import TrainOptions
from ..core.options.typed import train_line
from ..core.search import SearchRecord, TrialState
from ..store import controls, lease
from ..store.log import LogReader
from ..store.runs import MODULE, RunFolder, RunRecord, home, new_run_id
from . import launch


def options_of(record: SearchRecord, chosen: dict[str, Any]) -> TrainOptions:
    """Return a trial's options: what the user said, what was chosen, then the task's defaults. Raises OptionError."""
    said = record.template["options"]["data"]
    asked: TrainOptions = TrainOptions.parse({**record.told, "data": said, **chosen})
    task: Task = registry.get("tasks", record.template["task"])
    options = asked.with_defaults({**task.defaults(asked), "task": task.name})
    if record.eval_share and not record.told.get("eval_steps"):
        options.eval_steps = every(options, int(record.template["meta"]["search_rows"]), record.eval_share)
    return options


def every(options: TrainOptions, rows: int, share: int) -> int:
    """Return the steps between two evaluations that give `share` of them in a run; 0 when its epochs give enough."""
    steps = math.ceil(math.ceil(rows / options.batch_size) / options.gradient_accumulation)
    total = options.max_steps or math.ceil(options.epochs * steps)
    return 0 if total >= (share - 1) * steps else max(1, -(-total // share))


def line_of(record: SearchRecord, chosen: dict[str, Any]) -> str:
    """Return the `%fm_train` line that repeats a trial."""
    judged = record.told.get("keep") == "best" or record.told.get("patience")
    values = {**record.told, "data": record.template["options"]["data"], **chosen}
    if judged and record.eval_share and "eval_steps" not in record.told:
        values["eval_steps"] = options_of(record, chosen).eval_steps  # which weights are best hangs on it
    return train_line(values, record.names)


def make(record: SearchRecord, number: int, chosen: dict[str, Any], module: bytes) -> RunFolder:
    """Make the run of a trial. Raises FmError when the chosen options do not go together."""
    options, run_id, root = options_of(record, chosen), new_run_id(), home()
    folder = launch.base_folder(options)
    made = RunRecord.model_validate(record.template).model_copy(
        update={
            "id": run_id,
            "name": f"{record.name}/trial-{number}",
            "created": time.time(),
            "command": line_of(record, chosen),
            "model": options.model,
            "options": {
                **options.model_dump(exclude={"data", "background", "inline", "name"}),
                "data": record.template["options"]["data"],
            },
            "model_folder": str(root / "runs" / run_id / MODULE) if module else folder,
            "notices": [
                f"Trial {number} of the search {record.name}.",
                *RunRecord.model_validate(record.template).notices,
            ],
        }
    )
    return RunFolder.create(made, root, module)


class TrialRun:
    """What a trial's log says, read piece by piece. `evaluations` are (step, metrics) of the validation rows.

    holds: whether somebody else has the trial in hands, who begins it when there is room (see search_place)."""

    def __init__(
        self, run: RunFolder, record: SearchRecord, holds: Callable[[RunFolder], bool] = lambda _: False
    ) -> None:
        self.run, self.goals, self.judge, self.rungs = run, record.goals, record.metric, record.rungs
        self.evaluations: list[tuple[int, dict[str, float]]] = []
        self.status, self.total, self.cause, self.message = "queued", 0, "", ""
        self.broken = ""
        self.alive = True
        self._holds, self._held = holds, False
        self._attempt = 0
        self._costs: dict[str, float] = {}
        self._times: dict[int, tuple[float, float]] = {}
        self._reader = LogReader(run.events)

    def update(self) -> None:
        """Read what is new. Liveness first: once nobody works on it, what is read afterwards is all there will be."""
        self._held = self._holds(self.run)
        self.alive = self._held or self.run.alive()
        for record in self._reader.read():
            self._feed(record)

    def _feed(self, record: dict[str, Any]) -> None:
        attempt, when = int(record.get("attempt", 1)), float(record.get("t", 0.0))
        self._times[attempt] = (self._times.get(attempt, (when, when))[0], when)
        self._attempt = max(self._attempt, attempt)
        kind = record.get("type")
        if kind == "status":
            self._enter(record)
        elif kind == "plan":
            self.total = int(record["total_steps"])
            self._costs |= {"parameters": float(record["parameters"]), "trainable": float(record["trainable"])}
        elif kind == "eval" and record.get("split") == "validation":
            self.evaluations.append((int(record["step"]), {k: float(v) for k, v in record["metrics"].items()}))
        elif kind == "step" and not math.isfinite(float(record["loss"])):
            self.broken = self.broken or f"The loss became {record['loss']} at step {record['step']}."
        elif kind == "artifact" and record.get("name") == "model":
            self._costs["bytes"] = float(record["bytes"])
        elif kind == "error":
            self.cause = str(record["cause"])

    def _enter(self, record: dict[str, Any]) -> None:
        self.status, self.message = str(record["status"]), str(record.get("message", ""))
        if (start := record.get("from_step")) is not None:  # what came after the checkpoint is trained again
            self.evaluations = [entry for entry in self.evaluations if entry[0] <= start]
            self.broken = ""

    @property
    def ended(self) -> bool:
        """Whether its newest attempt has said its last word, or died."""
        said = self.status in ENDED and self._attempt == self.run.attempt()
        return not self._held and (said or not self.alive)

    @property
    def outcome(self) -> str:
        """How it ended: done, stopped, failed, or interrupted when the worker died without a word."""
        return self.status if self.status in ENDED else "interrupted"

    @property
    def seconds(self) -> float:
        """Seconds that its workers were at it."""
        return sum(last - first for first, last in self._times.values())

    @property
    def reports(self) -> list[tuple[int, float]]:
        """The first goal after each evaluation, as (rung, value); equal rungs are equal shares of a run."""
        goal = self.goals[0].name
        found: dict[int, float] = {}
        for step, metrics in self.evaluations:
            rung = max(1, round(self.rungs * step / self.total)) if self.total else 1
            if math.isfinite(metrics.get(goal, math.nan)):
                found[rung] = metrics[goal]
        return sorted(found.items())

    def missing(self) -> str:
        """Return a sentence when the evaluations do not have a goal; "" when they do or there is none yet."""
        has = {*self._costs, "seconds", "bytes", *(self.evaluations[-1][1] if self.evaluations else ())}
        gone = next((goal.name for goal in self.goals if self.evaluations and goal.name not in has), "")
        known = ", ".join(sorted(self.evaluations[-1][1])) if gone else ""
        return f"The evaluations have no metric {gone!r}; they have {known}." if gone else ""

    def values(self) -> list[float] | None:
        """Return the goals' values at the weights that became the model; None when one is missing or is no number."""
        metrics = {**self._judged(), **self._costs, "seconds": self.seconds}
        found = [metrics.get(goal.name, math.nan) for goal in self.goals]
        return found if all(math.isfinite(value) for value in found) else None

    def _judged(self) -> dict[str, float]:
        """Return the metrics of the last evaluation, or of the best one where the best weights are kept."""
        known = [metrics for _, metrics in self.evaluations if math.isfinite(metrics.get(self.judge, math.nan))]
        if not self.judge or not known:
            return self.evaluations[-1][1] if self.evaluations else {}
        sign = -1.0 if lower_is_better(self.judge) else 1.0
        return max(known, key=lambda metrics: sign * metrics[self.judge])

    def stop(self) -> None:
        """Ask its worker to stop at the end of its step."""
        controls.add(self.run.path, Control(action="stop", by="search"))

    def left(self) -> bool:
        """Say whether its worker has gone, so that its files are nobody's."""
        return not lease.alive(self.run.path)


class Active:
    """A trial at work: Optuna's side, our side, and its run."""

    def __init__(self, trial: Any, state: TrialState, run: TrialRun) -> None:
        self.trial, self.state, self.run = trial, state, run
        self.reported = {rung for rung, _ in state.reports}
        self.stopping = bool(trial.user_attrs.get("pruning"))
        self.deaths = 0
        #: Begun by a driver whose end it does not survive, and not yet gone.
        self.torn = False
