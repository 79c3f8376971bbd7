"""Changing a learning-rate schedule while it runs, in ways that its saved state keeps."""

from __future__ import annotations

from typing import Any

import torch
from transformers import get_scheduler


def set_learning_rate(optimizer: Any, scheduler: Any, value: float) -> None:
    """Make `value` the rate of the first group from the next step on; the other groups and the rest of the schedule scale
    with it. The base rates are part of the scheduler's saved state, so a resumed run keeps the change."""
    now = optimizer.param_groups[0]["lr"]
    factor = value / now if now > 0 else 1.0
    for group in optimizer.param_groups:
        group["lr"] *= factor
        group["initial_lr"] = group.get("initial_lr", group["lr"]) * factor
    scheduler.base_lrs = [rate * factor for rate in scheduler.base_lrs]
    scheduler._last_lr = [group["lr"] for group in optimizer.param_groups]


def set_length(optimizer: Any, scheduler: Any, args: Any, total_steps: int) -> None:
    """Give a schedule another length: from here on the rate is what it would be, had it been planned for `total_steps`.

    Rates set by hand go on counting. Warm-up keeps its steps: `args.warmup_steps` should be a number of steps by now.
    A schedule without a length (constant, by plateaus) stays as it is.
    """
    if not hasattr(scheduler, "lr_lambdas"):
        return
    scheduler.lr_lambdas = _lambdas(optimizer, len(scheduler.base_lrs), args, total_steps)
    for group, base, shape in zip(optimizer.param_groups, scheduler.base_lrs, scheduler.lr_lambdas, strict=True):
        group["lr"] = base * shape(scheduler.last_epoch)
    scheduler._last_lr = [group["lr"] for group in optimizer.param_groups]


def _lambdas(optimizer: Any, groups: int, args: Any, total_steps: int) -> list[Any]:
    # A second schedule on the real optimizer would take its present rates for its base rates.
    stand_in = torch.optim.SGD(
        [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)], lr=optimizer.defaults["lr"]
    )
    made: Any = get_scheduler(
        args.lr_scheduler_type,
        optimizer=stand_in,
        num_warmup_steps=args.get_warmup_steps(total_steps),
        num_training_steps=total_steps,
        scheduler_specific_kwargs=args.lr_scheduler_kwargs,
    )
    return list(made.lr_lambdas)
