"""Obeys wishes at the end of a step, and makes the changes of earlier attempts again at the steps where they were made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ...core.contracts import Context
from ...core.events import Control, ControlEvent, NoticeEvent, PhaseEvent, PlanEvent, StatusEvent
from ...core.steering import MOST_EPOCHS, Length, Steered
from . import ranks
from .schedules import set_learning_rate, set_length

#: Seconds between two looks for control records while paused.
PAUSE_LOOK = 0.05
#: The file of a checkpoint that says how many of the run's changes are in it.
APPLIED = "steering.json"
Keep = Callable[[list[Steered], dict[str, Any]], None]


class Helm:
    """Steers one Trainer. `changes` are those that run.json knows, `keep` writes them there before they count."""

    def __init__(
        self, context: Context, length: Length, changes: Iterable[Steered] = (), keep: Keep | None = None
    ) -> None:
        self.context, self.length = context, length
        self.changes = list(changes)
        self.applied = 0
        self.stopped = self.asked = False
        self.trainer: Any = None
        self.plan: PlanEvent | None = None
        self.per_epoch = 1
        self._keep: Keep = keep or (lambda changes, options: None)

    # Length of the run

    def recall(self, start: Path | None) -> None:
        """Look which changes the checkpoint holds from which training starts (None: from nothing)."""
        known = [change.step for change in self.changes]
        if start is None:
            self.applied = 0
        elif (start / APPLIED).is_file():
            self.applied = int(json.loads((start / APPLIED).read_text())["applied"])
        else:  # written by an older version, or before the first change
            self.applied = sum(step is not None and step <= int(start.name) for step in known)

    def note(self, folder: Path) -> None:
        """Write into a checkpoint how many changes it holds."""
        (folder / APPLIED).write_text(json.dumps({"applied": self.applied}))

    def begin(self, per_epoch: int) -> int:
        """Return how many steps the run has with the changes made so far."""
        self.per_epoch = per_epoch
        return self.length.total_steps(self.changes[: self.applied], per_epoch)

    def planned(self) -> int:
        """Return how many steps the run was planned to have."""
        return self.length.total_steps((), self.per_epoch)

    def whole(self, per_epoch: int) -> tuple[int, float]:
        """Return the steps and epochs that the run will have, with all changes."""
        return self.length.total_steps(self.changes, per_epoch), self.length.total_epochs(self.changes, per_epoch)

    # What happens at a step's end

    def start(self) -> None:
        """Training begins: give changes wished for between two attempts their step, and make those that are due."""
        step = int(self.trainer.state.global_step)
        if any(change.step is None for change in self.changes):
            found = [
                change.model_copy(update={"step": step if change.step is None else change.step})
                for change in self.changes
            ]
            waiting = sorted(found[self.applied :], key=lambda change: change.step or 0)
            self._write([*found[: self.applied], *waiting])
        self.trainer.narrator.judge.since = max(
            (c.step or 0 for c in self.changes[: self.applied] if c.action == "extend"), default=0
        )
        self.repeat()

    def repeat(self) -> None:
        """Make again what an earlier attempt had changed by this step."""
        step = int(self.trainer.state.global_step)
        while self.applied < len(self.changes) and (self.changes[self.applied].step or 0) <= step:
            change = self.changes[self.applied]
            self._make(change)
            self._say(change.action, change.value, change.by)

    def obey(self) -> None:
        """Do what was wished since the last look; a pause lasts until a wish to resume or stop."""
        wishes = list(self.context.controls())
        while wishes:
            wish = wishes.pop(0)
            self._apply(wish)
            if wish.action == "pause" and not any(later.action in ("resume", "stop") for later in wishes):
                self._hold()

    def _hold(self) -> None:
        self.context.emit(StatusEvent(status="paused"))
        self.context.flush()
        held = True
        while held:
            time.sleep(PAUSE_LOOK)
            for wish in self.context.controls():
                if wish.action != "pause":
                    self._apply(wish)
                held = held and wish.action not in ("resume", "stop")
        self.context.emit(StatusEvent(status="running"))

    def _apply(self, wish: Control) -> None:
        if wish.action in ("set_learning_rate", "extend"):
            if self._change(wish):
                self._say(wish.action, wish.value, wish.by)
            return
        if wish.action == "stop":
            self.stopped = True
            self.trainer.control.should_training_stop = self.trainer.control.should_save = True
        elif wish.action == "evaluate":
            self._evaluate()
        elif wish.action == "save":
            self._save()
        self._say(wish.action, wish.value, wish.by)  # now it is done

    def _say(self, action: str, value: float | None, by: str) -> None:
        self.context.emit(ControlEvent(step=self.trainer.state.global_step, action=action, value=value, by=by))

    # Changes that later steps depend on

    def _change(self, wish: Control) -> bool:
        """Write a change down, then make it; say why when it cannot be."""
        change = Steered(step=self.trainer.state.global_step, action=wish.action, value=wish.value or 0.0, by=wish.by)
        ahead = [
            c for c in self.changes[self.applied :] if c.action != "set_learning_rate" or change.action == "extend"
        ]
        changes = [*self.changes[: self.applied], change, *ahead]
        if self.length.total_epochs(changes, self.per_epoch) > MOST_EPOCHS:
            self._warn(f"The run is not extended: it would have more than {MOST_EPOCHS:g} epochs.")
            return False
        if not self._write(changes):
            return False
        self._make(change)
        return True

    def _write(self, changes: list[Steered]) -> bool:
        refusal = ranks.from_main(lambda: self._refusal(changes))
        if refusal:
            self._warn(f"The run is not changed: run.json could not be written ({refusal}).")
            return False
        self.changes = changes
        return True

    def _refusal(self, changes: list[Steered]) -> str:
        try:
            self._keep(changes, self.length.options(changes, self.per_epoch))
        except OSError as error:
            return (error.strerror or str(error)).lower()
        return ""

    def _warn(self, text: str) -> None:
        self.context.emit(NoticeEvent(text=text, level="warning"))

    def _make(self, change: Steered) -> None:
        self.applied += 1
        if change.action == "set_learning_rate":
            set_learning_rate(self.trainer.optimizer, self.trainer.lr_scheduler, change.value)
        else:
            self._lengthen()

    def _lengthen(self) -> None:
        """Give the Trainer its new end. One that has come to the old end goes on; patience counts anew."""
        trainer, state = self.trainer, self.trainer.state
        made = self.changes[: self.applied]
        was_last = state.global_step >= state.max_steps
        state.max_steps = self.length.total_steps(made, self.per_epoch)
        state.num_train_epochs = -(-state.max_steps // self.per_epoch)
        set_length(trainer.optimizer, trainer.lr_scheduler, trainer.args, state.max_steps)
        trainer.narrator.judge.since = int(state.global_step)
        trainer.control.should_training_stop = self.stopped or state.global_step >= state.max_steps
        if was_last and trainer.args.eval_steps and state.global_step % trainer.args.eval_steps:
            trainer.control.should_evaluate = False  # the Trainer wanted it because it thought that this was the end
        if self.plan is not None:
            total, epochs = self.whole(self.per_epoch)
            before, self.plan = self.plan, self.plan.model_copy(update={"total_steps": total, "epochs": epochs})
            if self.plan != before:  # a resumed run has said it at its start
                self.context.emit(self.plan)

    # Looks and saves

    def _due(self) -> bool:
        """Say whether an evaluation of this step comes anyway: it is then the regular one, only earlier."""
        state = self.trainer.state
        regular = self.trainer.control.should_evaluate or is_whole(state)
        return bool(regular and not has_evaluation(state))

    def _evaluate(self) -> None:
        """Evaluate now. What nobody had planned is shown, and neither judged nor remembered: it changes nothing."""
        history, self.asked = self.trainer.state.log_history, not self._due()
        before = len(history)
        self.context.emit(PhaseEvent(phase="evaluating"))
        try:
            self.trainer.evaluate()
            if self.asked:
                del history[before:]
        finally:
            self.asked = False

    def _save(self) -> None:
        if self._due():
            self._evaluate()  # a checkpoint before the evaluation of its step would resume without it
        self.trainer._save_checkpoint(self.trainer.model, None)
        self.trainer.narrator.saved()

    # Wishes that come when the last step is over

    def late(self) -> bool:
        """Say whether the run was extended since its last step; the training then goes on from its last checkpoint."""
        wishes = [wish for wish in self.context.controls() if wish.action == "extend" and wish.value]
        step = int(self.trainer.state.global_step)
        new = [Steered(step=step, action="extend", value=wish.value or 0.0, by=wish.by) for wish in wishes]
        return bool(new) and not self.stopped and self._write([*self.changes, *new])

    def missed(self, run: str) -> None:
        """Say how to get what was wished too late."""
        for wish in self.context.controls():
            if wish.action == "extend":
                self._warn(
                    f"The training was over when it was to be extended; `%fm_resume {run} --epochs +{wish.value:g}` goes on."
                )


def is_whole(state: Any) -> bool:
    """Say whether the step is the last of its epoch: it is evaluated, and saved after that.

    A checkpoint of such a step taken before its evaluation would resume without the evaluation.
    """
    return bool(state.epoch) and float(state.epoch).is_integer()


def has_evaluation(state: Any) -> bool:
    """Say whether this step's evaluation is in the Trainer's history."""
    for entry in reversed(state.log_history):
        if entry.get("step") != state.global_step:
            return False
        if any(name.startswith("eval_") for name in entry):
            return True
    return False
