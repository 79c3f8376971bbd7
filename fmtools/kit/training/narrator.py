"""The callback that tells the run's log what happens, and obeys control records at the end of a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from ...core.contracts import Context
from ...core.events import EvalEvent, NoticeEvent, PhaseEvent, StepEvent
from ...core.goals import LOWER as LOWER
from ...core.steering import Length
from . import ranks
from .helm import Helm, has_evaluation, is_whole

#: The least seconds between two looks for control records.
LOOK = 0.1


class Judge:
    """Says which evaluation was the best, from the Trainer's own history: a resumed run judges as one never interrupted."""

    def __init__(self, metric: str, patience: int | None = None, keeps: bool = False) -> None:
        self.metric, self.patience, self.keeps = metric, patience, keeps
        #: Evaluations up to this step are forgiven: the run was extended there.
        self.since = 0

    def best_step(self, history: list[dict[str, Any]]) -> int | None:
        """Return the step of the best evaluation, the first of equals; NaN is never the best. None when there is none."""
        sign = -1.0 if self.metric.endswith(LOWER) else 1.0
        found = [(sign * float(entry[f"eval_{self.metric}"]), entry["step"]) for entry in self._seen(history)]
        known = [(value, step) for value, step in found if value == value]
        return int(max(known, key=lambda pair: pair[0])[1]) if known else None

    def is_over(self, history: list[dict[str, Any]]) -> bool:
        """Say whether `patience` evaluations have passed since the best one."""
        best = self.best_step(history)
        if self.patience is None:
            return False
        since = [entry for entry in self._seen(history) if entry["step"] > max(best or 0, self.since)]
        return len(since) >= self.patience

    def _seen(self, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [entry for entry in history if f"eval_{self.metric}" in entry]

    def missing(self, metrics: dict[str, Any]) -> str:
        """Return a sentence when an evaluation does not have the metric; "" when it does or nobody wants to know."""
        if (self.patience is None and not self.keeps) or f"eval_{self.metric}" in metrics:
            return ""
        known = ", ".join(sorted(name.removeprefix("eval_") for name in metrics if name.startswith("eval_")))
        return f"The evaluation has no metric {self.metric!r}: nothing is stopped early. It has {known}."


def _nothing(step: int) -> None:
    del step


def counted(inputs: Any) -> tuple[int, int]:
    """Return the rows of a batch, and its tokens without padding."""
    tensors = [value for value in inputs.values() if hasattr(value, "shape") and len(value.shape)]
    masks = [value for name, value in inputs.items() if name.endswith("attention_mask") and value is not None]
    ids = inputs.get("input_ids")
    tokens = sum(int(mask.sum()) for mask in masks) if masks else 0 if ids is None else ids.numel()
    return len(tensors[0]) if tensors else 0, tokens


class Narrator(TrainerCallback):
    """Emits steps and evaluations, takes snapshots; `helm` obeys wishes when a step is over.

    `snapshot(step)` is called every `every` steps, `sample(step)` every `sample_every`; 0 = never. `keep(step)` is told
    which checkpoint is the best so far.
    """

    def __init__(
        self,
        context: Context,
        *,
        save_seconds: float,
        snapshot: Callable[[int], None],
        every: int,
        sample: Callable[[int], None] = _nothing,
        sample_every: int = 0,
        judge: Judge | None = None,
        helm: Helm | None = None,
    ) -> None:
        self.context, self.snapshot, self.every = context, snapshot, every
        self.sample, self.sample_every = sample, sample_every
        self.judge = judge or Judge("loss")
        self.keep: Callable[[int], None] = _nothing
        self.save_seconds = save_seconds
        self.helm = helm or Helm(context, Length(0.0))
        self.samples = self.tokens = 0
        self._mark = self._saved = self._looked = time.perf_counter()

    @property
    def stopped(self) -> bool:
        """Whether somebody wished that the run stops."""
        return self.helm.stopped

    def count(self, inputs: dict[str, Any]) -> None:
        """Add a batch to the throughput: its rows, and its tokens without padding, whatever the task calls them."""
        samples, tokens = counted(inputs)
        self.samples += samples
        self.tokens += tokens

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.context.emit(PhaseEvent(phase="training"))
        self._mark = self._saved = self._looked = ranks.now()
        best = self.judge.best_step(state.log_history) if self.judge.keeps else None
        if best is not None:
            self.keep(best)
        self.helm.start()
        if self.judge.is_over(state.log_history):
            control.should_training_stop = True  # killed after its last step: nothing is left but to publish
        if state.global_step == 0:
            self._look(0)
            self._mark = time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """A step is complete and logged: the Trainer saves and stops right after this call if it is asked to here."""
        if not logs or "loss" not in logs:
            return
        now = ranks.now()  # ranks of one training save and obey at the same step
        self._emit_step(state, logs, now - self._mark)
        self._look(state.global_step)
        if now - self._saved > self.save_seconds:
            control.should_save = True
        self.helm.repeat()
        if now - self._looked > LOOK or control.should_training_stop:
            self.helm.obey()
            self._looked = now
        if is_whole(state):
            control.should_save = False  # the epoch's end saves, after its evaluation
        self._mark = time.perf_counter()

    def _look(self, step: int) -> None:
        if self.every and step % self.every == 0:
            self.snapshot(step)
        if self.sample_every and step % self.sample_every == 0:
            self.sample(step)

    def _emit_step(self, state: Any, logs: dict[str, Any], seconds: float) -> None:
        norm = logs.get("grad_norm")
        event = StepEvent(
            step=state.global_step,
            epoch=float(state.epoch or 0),
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=None if norm is None else float(norm),
            samples=self.samples,
            tokens=self.tokens,
            seconds=seconds,
        )
        self.samples = self.tokens = 0
        self.context.emit(event)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.saved()

    def saved(self) -> None:
        """A checkpoint was taken: the next one is due `save_seconds` from now."""
        self._saved = ranks.now()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = True
        control.should_evaluate = not has_evaluation(state) and (is_whole(state) or not self.stopped)
        if control.should_evaluate:
            self.context.emit(PhaseEvent(phase="evaluating"))

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        own = ("runtime", "samples_per_second", "steps_per_second", "model_preparation_time")
        plain = {k.removeprefix("eval_"): float(v) for k, v in (metrics or {}).items() if k.startswith("eval_")}
        scores = {name: value for name, value in plain.items() if not name.endswith(own)}
        if not self.helm.asked:
            self._judge(state, control, metrics or {})
        event = EvalEvent(step=state.global_step, epoch=float(state.epoch or 0), split="validation", metrics=scores)
        self.context.emit(event)
        self.context.emit(PhaseEvent(phase="training"))
        self._mark = time.perf_counter()

    def _judge(self, state: Any, control: Any, metrics: dict[str, Any]) -> None:
        """Keep the best weights, and end a training that no longer gets better."""
        missing = self.judge.missing(metrics)
        if missing:
            self.context.emit(NoticeEvent(text=missing, level="warning"))
            self.judge.keeps, self.judge.patience = False, None
        best = self.judge.best_step(state.log_history)
        if self.judge.keeps and best is not None and best == state.global_step:
            self.keep(best)
            control.should_save = True
        if self.judge.is_over(state.log_history):
            control.should_training_stop = True
            said = f"Stopped early: {self.judge.patience} evaluations without a better {self.judge.metric} than at step {best}."
            self.context.emit(NoticeEvent(text=said))
