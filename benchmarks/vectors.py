"""Sentence vectors of MiniLM on `faq`: a third of the questions held out, before and after a training on the others."""

from __future__ import annotations

import time
from typing import Any

import fmtools
from fmtools.runtime import launch

from .figures import Aim, Figure
from .settings import Settings, scratch

OPTIONS: dict[str, Any] = {"validation": 0.3, "epochs": 6, "watch_every": 0}
SHOWN = ("recall_at_1", "recall_at_5", "mrr", "ndcg_at_10")


def run(settings: Settings) -> list[Figure]:
    """Score the model as it came, a search by words, and the trained model, on the same held-out questions."""
    rows = launch.load("faq").splits["all"].to_pylist()[: 24 if settings.quick else None]
    options = {**OPTIONS, **({"epochs": 1, "max_length": 32} if settings.quick else {})}
    with scratch():
        base = fmtools.baseline(rows, task="sentence-similarity", validation=options["validation"])
        began = time.perf_counter()
        trained = fmtools.train("sentence-similarity", data=rows, **options)
        seconds, reached = time.perf_counter() - began, trained.metrics  # the store goes with the block
    words = {name: value for name, _, value in base.details[0]["rows"]}
    found = [Figure("training", [seconds], "s", note=f"{base.rows} questions held out")]
    for name in SHOWN:
        aim = Aim(">=", base.metrics[name]) if name in ("mrr", "ndcg_at_10") else None
        found += [
            Figure(f"{name}, tf-idf", [float(words[name])]),
            Figure(f"{name}, as it came", [base.metrics[name]]),
            Figure(f"{name}, trained", [reached[name]], aim=aim),
        ]
    return found
