"""A learning-rate range test on the real Trainer: every step with a higher rate, until the loss runs away. Keeps nothing."""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainerCallback

from ...core.contracts import Parts
from ...core.options import TrainOptions
from .rate_test import Diverging, rates
from .rates import rate_flags
from .trouble_watch import TroubleWatch


class Over(Exception):
    """The test has what it wanted: the training stage shall do nothing more."""


class Sweep(TrainerCallback):
    """Given to the training stage in place of a rehearsal. Every group's rate rises, in the ratio the run would have.

    `flags`: the options whose rates are tried, with each one's ratio to the first, whose rates are `tried`; `losses` are
    those after the steps with these rates.
    """

    def __init__(self, options: TrainOptions, steps: int) -> None:
        self.options, self.rates = options, rates(steps)
        self.flags: dict[str, float] = {}
        self.tried: list[float] = []
        self.losses: list[float] = []
        self.diverged = False
        self._diverging = Diverging()

    def begin(self, trainer: Any, parts: Parts) -> None:
        """Put the rising rates in the schedule's place."""
        flags = rate_flags(self.options, parts.groups)
        first = next(iter(flags.values()))
        self.flags = {flag: rate / first for flag, rate in flags.items()}
        last = len(self.rates) - 1
        trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            trainer.optimizer, lambda step: self.rates[min(step, last)] / first
        )
        trainer.remove_callback(TroubleWatch)  # that a rate is too high is what is looked for here
        trainer.add_callback(self)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = control.should_evaluate = False

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Note the loss beside the rate of the step before, which made the weights it was computed with."""
        if not logs or "loss" not in logs:
            return
        control.should_save = False
        loss = float(logs["loss"])
        if self._diverging.step(loss):
            self.diverged = control.should_training_stop = True
        elif state.global_step > 1:
            self.tried.append(self.rates[state.global_step - 2])
            self.losses.append(loss)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = False

    def trained(self, trainer: Any) -> None:
        """End the training stage: nothing is published and nothing scored."""
        raise Over
