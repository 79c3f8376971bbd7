"""Trouble in real trainings: seen by the Trainer's callback, said with figures, marked at its step; NaN ends the run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import fmtools
from fmtools.core.wire import Mark
from support import records, rows, steps_of, train

pytestmark = pytest.mark.slow


class Net(nn.Module):
    """Words to labels. After `until` steps it trains on a number times a power that overflows: the rate is not at fault."""

    def __init__(self, vocab_size: int, num_labels: int, until: int = 10**9, keep: bool = False) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(vocab_size, 8)
        self.out = nn.Linear(8, num_labels)
        self.register_buffer("steps", torch.zeros(()))
        self.until, self.keep, self.kept = until, keep, []  # type: ignore[var-annotated]

    def forward(self, input_ids: Any, labels: Any = None) -> dict[str, Any]:
        logits = self.out(self.words(input_ids))
        if self.training:
            self.steps += 1
            if self.steps > self.until:
                logits = logits * 1e38 * 1e38
            if self.keep:
                self.kept.append(torch.ones(2_000_000))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits}


class Dead(Net):
    """A ReLU that nothing gets through."""

    def forward(self, input_ids: Any, labels: Any = None) -> dict[str, Any]:
        logits = torch.relu(self.out(self.words(input_ids)) - 1e3)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits}


def learn(net: nn.Module, **options: Any) -> fmtools.Run:
    usual = {"data": rows(96), "batch_size": 8, "learning_rate": 0.05, "inline": True, "precision": "fp32"}
    return fmtools.train("custom", model=net, **{**usual, **options})


def marks(run: fmtools.Run) -> list[Mark]:
    return [mark for mark in run.view.increment().marks if mark.kind.startswith("trouble-")]


def test_weights_that_are_no_numbers_end_the_run_and_the_last_good_checkpoint_stays(shared_store: Path) -> None:
    run = learn(Net(30522, 3, until=30), epochs=8)
    total = run.head.total_steps
    last = steps_of(run)[-1]
    assert (run.status, last["loss"]) == ("failed", "NaN")
    assert run.head.step == last["step"] == 31 < total
    assert "The training ended at step 31: weights are no numbers any more" in run.head.error
    rate = last["learning_rate"] / 10
    assert f"`%fm_resume {run.id} --learning-rate {rate:.2g}` goes on from the last good one" in run.head.error
    (mark,) = marks(run)
    assert (mark.kind, mark.step) == ("trouble-nan", 31)
    assert mark.text.startswith("The loss became NaN at step 31 (it was ")
    assert not run.artifacts
    saved = sorted(int(path.name) for path in (run.path / "checkpoints").iterdir())
    assert saved[-1] <= 30
    again = fmtools.resume(run.id, learning_rate=0.002)
    starts = [r["from_step"] for r in records(again) if r["type"] == "status" and r.get("from_step") is not None]
    assert starts == [0, saved[-1]]
    first = steps_of(again, attempt=2)[0]
    assert math.isfinite(first["loss"])
    assert 0 < first["learning_rate"] < 0.0021  # the schedule has gone one step further
    assert [mark.step for mark in marks(again)] == [31]  # once for what is true now


def test_a_model_that_begins_with_nan_is_said_to(shared_store: Path) -> None:
    net = Net(30522, 3)
    net.out.weight.data[0, 0] = math.nan
    run = learn(net)
    assert (run.status, run.head.step) == ("failed", 1)
    assert run.head.error.startswith("The model began with weights that are no numbers (module.out.weight).")


def test_a_rate_that_is_too_high_is_said_with_a_lower_one(tiny: Path, shared_store: Path) -> None:
    high = {"learning_rate": 1.0, "head_learning_rate": 1.0, "max_grad_norm": 1e6, "warmup": 0.0}
    run = train(tiny, inline=True, epochs=3, **high)
    found = [mark for mark in marks(run) if mark.kind == "trouble-rate-too-high"]
    assert len(found) == 1, marks(run)
    assert "--learning-rate 0.1 --head-learning-rate 0.1" in found[0].text


def test_a_head_without_gradient_is_said(shared_store: Path) -> None:
    run = learn(Dead(30522, 3), epochs=3)
    found = [mark for mark in marks(run) if mark.kind == "trouble-dead-gradient"]
    assert [mark.step for mark in found] == [1]
    assert "nothing is learned" in found[0].text


def test_rows_learned_by_heart_are_said_and_healthy_ones_are_not(shared_store: Path) -> None:
    noise = [{"text": row["text"], "label": "abc"[number * 7 % 11 % 3]} for number, row in enumerate(rows(160))]
    run = learn(Net(30522, 3), data=noise, validation=0.4, epochs=25)
    (found,) = [mark for mark in marks(run) if mark.kind == "trouble-overfitting"]
    losses = dict(run.history["validation/loss"])
    assert losses[found.step] == min(value for step, value in losses.items() if step <= found.step)
    assert marks(learn(Net(30522, 3), epochs=6)) == []


def test_what_a_module_keeps_is_memory_that_creeps(shared_store: Path) -> None:
    run = learn(Net(30522, 3, keep=True), epochs=20, max_steps=215)
    found = [mark for mark in marks(run) if mark.kind == "trouble-memory"]
    assert len(found) == 1
    assert "loss.item()" in found[0].text
