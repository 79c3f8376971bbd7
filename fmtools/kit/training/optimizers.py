"""Optimizers by name, over groups of parameters that carry their own rates."""

from __future__ import annotations

from typing import Any

import torch

from ...core.options import TrainOptions


def build(groups: list[dict[str, Any]], options: TrainOptions) -> torch.optim.Optimizer:
    """Return the optimizer that the options ask for; `groups` as in core.contracts.Parts."""
    if options.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=options.learning_rate, momentum=options.momentum)
    if options.optimizer == "adafactor":
        return torch.optim.Adafactor(groups, lr=options.learning_rate)
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, options.adam_beta2), fused=True)
