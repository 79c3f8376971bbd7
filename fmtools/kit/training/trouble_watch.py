"""The callback that looks for trouble after every step, says it, and ends a training whose weights are no numbers any more."""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import TrainerCallback

from ...core.contracts import Parts
from ...core.errors import FmError
from ...core.events import NoticeEvent
from ...core.options import TrainOptions
from ..machine import rss
from ..trouble.detectors import Watch
from ..trouble.findings import Advice, Finding
from ..trouble.memory import Creep
from .narrator import LOWER, Narrator
from .rates import rate_flags

#: Losses in a row that may be NaN while the weights are still numbers (batches without a single label, for example).
PATIENCE = 20


class TroubleWatch(TrainerCallback):
    """Emits a notice with a mark for every finding. Raises FmError when going on makes no sense.

    `classes`: among how many the model chooses for a text (0: that is not what it does); see `classes_of`.
    `metric`: the task's main one.
    """

    def __init__(self, narrator: Narrator, options: TrainOptions, parts: Parts, classes: int, metric: str) -> None:
        self.narrator, self.options, self.parts, self.classes = narrator, options, parts, classes
        self.metric = options.metric or metric
        self.watch = Watch()
        self._creep: Creep | None = None
        self._odd, self._rate = 0, options.learning_rate
        self._born_broken = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin to watch; a resumed run first takes in what it has been through."""
        rows = len(self.parts.validation) if hasattr(self.parts.validation, "__len__") else 0
        self.watch = Watch(_advice(self.options, self.parts.groups), self.classes, rows)
        self.watch.replay(state.log_history, self._score)
        self._creep = Creep(state.max_steps, rss.room().free)
        if state.global_step == 0:
            self._born_broken = first_broken(kwargs["model"])  # said at the first loss, so that the curve shows it

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Look at a step when it is logged, before anything of it is saved."""
        if not logs or "loss" not in logs:
            return
        loss, norm, self._rate = float(logs["loss"]), logs.get("grad_norm"), float(logs["learning_rate"])
        for finding in self.watch.step(state.global_step, loss, self._rate, norm):
            self._say(finding)
        if self._creep is not None and (creeping := self._creep.step(state.global_step, rss.resident())):
            self._say(creeping)
        odd = not math.isfinite(loss) or (norm is not None and not math.isfinite(norm))
        self._odd = self._odd + 1 if odd else 0
        if odd:
            self._end_if_lost(state.global_step, kwargs.get("model"))

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if self.narrator.helm.asked:
            return  # somebody only wanted to look: a resumed run would not know of it
        entry = metrics or {}
        loss = float(entry.get("eval_loss", math.nan))
        for finding in self.watch.evaluation(state.global_step, loss, self._score(entry)):
            self._say(finding)

    def _score(self, entry: dict[str, Any]) -> float | None:
        """Return the metric that counts, turned so that higher is better; None when that is the loss, or is not there."""
        if self.metric.endswith(LOWER) or f"eval_{self.metric}" not in entry:
            return None
        return float(entry[f"eval_{self.metric}"])

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The last update may have been the one that broke the weights: no such model is published."""
        self._end_if_lost(state.global_step, kwargs.get("model"))

    def _say(self, finding: Finding) -> None:
        event = NoticeEvent(text=finding.text, level="warning", step=finding.step, trouble=finding.trouble)
        self.narrator.context.emit(event)

    def _end_if_lost(self, step: int, model: Any) -> None:
        broken = first_broken(model) if model is not None else ""
        if not broken and self._odd < PATIENCE:
            return
        what = (
            f"weights are no numbers any more ({broken})" if broken else f"{self._odd} losses in a row were no numbers"
        )
        if self._born_broken:
            raise FmError(
                f"The model began with weights that are no numbers ({self._born_broken}).",
                "Begin with another --model, or fetch this one again.",
            )
        if broken and step <= self._odd:  # never a finite loss
            raise FmError(
                "The loss is not a number from the first step on, and now the weights are none either.",
                f"Look for empty or infinite values in the data; if they are right, try {self.watch.advice.lower}.",
            )
        raise FmError(
            f"The training ended at step {step}: {what}. Checkpoints from before are kept.",
            "The same rate would lead to the same end: "
            f"`%fm_resume {self.narrator.context.folder.name} --learning-rate {self._rate / 10:.2g}` goes on from the last "
            "good one with a lower rate.",
        )


def classes_of(task: str, meta: dict[str, Any]) -> int:
    """Return among how many labels a run chooses one a row, from its prepared meta; 0 when it does something else."""
    one = not meta.get("multi_label") and (task == "text-classification" or meta.get("label_kind") == "classes")
    return len(meta.get("labels") or ()) if one else 0


def first_broken(model: torch.nn.Module) -> str:
    """Return the name of the first weight with a NaN or an infinity; "" when all are numbers."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # The sum is one pass without a copy; it overflows at worst, and is then looked at number by number.
            if weight.is_floating_point() and not torch.isfinite(weight.sum()) and not torch.isfinite(weight).all():
                return name
    return ""


def _advice(options: TrainOptions, groups: list[dict[str, Any]]) -> Advice:
    """Word the advice with this run's own figures: its rates divided and multiplied by ten."""
    flags = rate_flags(options, groups)
    free = [
        word for word, on in (("--keep best", options.keep == "best"), ("--patience 2", options.patience)) if not on
    ]
    return Advice(
        lower=" ".join(f"{flag} {rate / 10:.2g}" for flag, rate in flags.items()),
        higher=" ".join(f"{flag} {rate * 10:.2g}" for flag, rate in flags.items()),
        regularise=" or ".join(free) or "fewer --epochs",
    )
