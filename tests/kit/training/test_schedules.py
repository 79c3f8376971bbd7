"""The rate changes by a factor that the scheduler's saved state keeps."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainingArguments, get_scheduler

from fmtools.kit.training.schedules import set_learning_rate, set_length


def parts(kind: str) -> tuple[Any, Any]:
    base, head = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([{"params": [base], "lr": 1e-4}, {"params": [head], "lr": 1e-2}])
    return optimizer, get_scheduler(kind, optimizer, num_warmup_steps=2, num_training_steps=20)


def step(optimizer: Any, scheduler: Any, count: int = 1) -> list[float]:
    for _ in range(count):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
    return [float(group["lr"]) for group in optimizer.param_groups]


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant_with_warmup"])
def test_groups_scale_together_and_the_schedule_goes_on(kind: str) -> None:
    optimizer, scheduler = parts(kind)
    plain_optimizer, plain = parts(kind)
    before = step(optimizer, scheduler, 5)
    assert step(plain_optimizer, plain, 5) == before
    set_learning_rate(optimizer, scheduler, before[0] / 2)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([rate / 2 for rate in before])
    for _ in range(10):
        assert step(optimizer, scheduler) == pytest.approx([rate / 2 for rate in step(plain_optimizer, plain)])


def test_a_checkpoint_keeps_the_change() -> None:
    optimizer, scheduler = parts("linear")
    step(optimizer, scheduler, 5)
    set_learning_rate(optimizer, scheduler, 3e-5)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    wanted = step(optimizer, scheduler, 4)
    fresh_optimizer, fresh = parts("linear")
    fresh_optimizer.load_state_dict(states[0])
    fresh.load_state_dict(states[1])
    assert step(fresh_optimizer, fresh, 4) == pytest.approx(wanted)


def test_a_rate_of_nothing_can_be_raised_again() -> None:
    """The last step of a linear schedule has the rate 0: there is nothing to scale, and no division by it."""
    optimizer, scheduler = parts("linear")
    assert step(optimizer, scheduler, 20)[0] == 0
    set_learning_rate(optimizer, scheduler, 1e-5)
    assert step(optimizer, scheduler)[0] >= 0


@pytest.mark.parametrize("kind", ["linear", "cosine", "cosine_with_min_lr", "constant"])
def test_another_length_is_the_schedule_planned_for_it_with_the_rate_set_by_hand(kind: str, tmp_path: Path) -> None:
    extra = {"min_lr": 1e-6} if kind == "cosine_with_min_lr" else {}
    args = TrainingArguments(
        str(tmp_path),
        lr_scheduler_type=kind,
        lr_scheduler_kwargs=extra,
        warmup_steps=2,
        learning_rate=1e-4,
        use_cpu=True,
    )

    def planned(steps: int) -> tuple[Any, Any]:
        optimizer, _ = parts("constant")
        optimizer.defaults["lr"] = 1e-4
        for group, rate in zip(optimizer.param_groups, (1e-4, 1e-2), strict=True):
            group["lr"] = rate
        return optimizer, get_scheduler(
            kind, optimizer, num_warmup_steps=2, num_training_steps=steps, scheduler_specific_kwargs=extra
        )

    optimizer, scheduler = planned(20)
    longer_optimizer, longer = planned(40)
    step(optimizer, scheduler, 20)
    step(longer_optimizer, longer, 20)
    set_length(optimizer, scheduler, args, 40)
    set_learning_rate(optimizer, scheduler, optimizer.param_groups[0]["lr"] / 4)
    assert [group["lr"] * 4 for group in optimizer.param_groups] == pytest.approx(
        [group["lr"] for group in longer_optimizer.param_groups]
    )
    for _ in range(19):
        assert [4 * rate for rate in step(optimizer, scheduler)] == pytest.approx(step(longer_optimizer, longer))
