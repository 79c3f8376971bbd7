"""DPO with an adapter on SmolLM2: true answers of `dialogues` against answers of other conversations."""

from __future__ import annotations

import os
import random
import time
from typing import Any

import fmtools
from fmtools.kit.fetching import assets
from fmtools.runtime import launch

from .figures import Aim, Figure
from .settings import Settings, scratch

Rows = list[dict[str, Any]]
OPTIONS: dict[str, Any] = {
    "learning_rate": 5e-4, "max_length": 64, "validation": 0.2, "watch_every": 0, "sample_every": 0,
}  # fmt: skip


def pairs(count: int, seed: int = 0) -> Rows:
    """Return conversations of two turns: chosen is the answer given, rejected one that another conversation got."""
    talks = [row["messages"] for row in launch.load("dialogues").splits["train"].to_pylist() if row["messages"]]
    chance = random.Random(seed)
    chance.shuffle(talks)
    found: Rows = []
    for talk in talks[:count]:
        other = chance.choice([t for t in talks if t[1]["content"] != talk[1]["content"]])
        found.append({"prompt": talk[:1], "chosen": talk[1:2], "rejected": other[1:2]})
    return found


def run(settings: Settings) -> list[Figure]:
    """Train a few steps and say how far the rewards of chosen and rejected answers have moved apart."""
    rows, steps = (pairs(16), 2) if settings.quick else (pairs(100), 24)
    os.environ.setdefault("FMTOOLS_CACHE", str(assets.cache_root()))  # the store below is new, the model is not
    with scratch():
        began = time.perf_counter()
        run = fmtools.train("preference-tuning", data=rows, max_steps=steps, **OPTIONS)
        seconds, reached = time.perf_counter() - began, run.metrics  # the store goes with the block
    return [
        Figure("training and scoring", [seconds], "s", note=f"{steps} steps of 4 pairs"),
        Figure(
            "reward margin (before: 0)", [reached["reward_margin"]], aim=None if settings.quick else Aim(">=", 0.01)
        ),
        Figure("reward accuracy", [reached["reward_accuracy"]]),
        Figure("loss (before: 0.693)", [reached["loss"]]),
    ]
