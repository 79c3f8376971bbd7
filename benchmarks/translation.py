"""A small Marian from scratch on verses of the set `bible` (English to Spanish), beside a copy of the source."""

from __future__ import annotations

import time
from typing import Any

import pyarrow.compute as pc

import fmtools
from fmtools.runtime import launch

from .figures import Aim, Figure
from .settings import Settings, scratch

#: Verses of up to so many characters: 9,626 to learn from, which two cores do in minutes.
LONGEST = 100
OPTIONS = {
    "model": "marian", "from_scratch": True, "epochs": 15, "batch_size": 32, "layers": 3, "width": 128, "vocabulary": 4000,
    "max_length": 64, "max_target_length": 64, "learning_rate": 2e-3, "watch_every": 0, "sample_every": 0,
}  # fmt: skip


def run(settings: Settings) -> list[Figure]:
    """Train once and score every short verse of the test split; quick: few rows, one epoch."""
    base, scores, seconds, rows = trained("translation", OPTIONS, settings)
    return [
        Figure("BLEU, Marian from scratch", [scores["bleu"]], "", Aim(">=", 1.0), note=f"{rows:,} verses"),
        Figure("  copy of the source", [base["bleu"]]),
        Figure("chrF, Marian from scratch", [scores["chrf"]]),
        Figure("  copy of the source", [base["chrf"]]),
        Figure("loss on the test verses", [scores["loss"]], "nats a token"),
        Figure("time of the training", [seconds], "s", note="with the test verses written"),
    ]


def trained(
    task: str, options: dict[str, Any], settings: Settings
) -> tuple[dict[str, float], dict[str, float], float, int]:
    """Return the metrics of the baseline and of a training on short verses, the seconds it took, and the rows it learned from."""
    splits = {name: t.filter(pc.less_equal(pc.utf8_length(t["source"]), LONGEST)) for name, t in _tables().items()}
    if settings.quick:
        splits = {name: table.slice(0, 64) for name, table in splits.items()}
        options = {**options, "epochs": 1, "width": 32, "layers": 1}
    with scratch():
        base = fmtools.baseline(splits, task=task).metrics
        began = time.perf_counter()
        run = fmtools.train(task, data=splits, **options)
        if run.status != "done":
            raise RuntimeError(run.head.error)
        return base, run.metrics, time.perf_counter() - began, splits["train"].num_rows


def _tables() -> dict[str, Any]:
    return launch.load("bible").splits
