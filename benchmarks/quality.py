"""Fine-tuning beside a logistic regression on frozen embeddings: the same rows to learn from, the same to be asked."""

from __future__ import annotations

import time
from typing import Any

import fmtools

from .figures import Aim, Figure
from .settings import Settings, scratch


def compare(data: str, options: dict[str, Any], aims: tuple[float, float], settings: Settings) -> list[Figure]:
    """Train with a seed a repeat; return accuracy and macro F1 of both, and the seconds they took.

    The validation rows are kept out of both; the figures are of the test split where the data have one.
    """
    with scratch():
        began = time.perf_counter()
        rows = {"validation": options["validation"]} if "validation" in options else {}
        base = fmtools.baseline(data, **rows).metrics
        base_seconds = time.perf_counter() - began
        runs, seconds = [], []
        for seed in range(42, 42 + settings.repeats(3, 1)):
            began = time.perf_counter()
            runs.append(fmtools.train(data=data, seed=seed, **options))
            seconds.append(time.perf_counter() - began)
        if any(run.status != "done" for run in runs):
            raise RuntimeError("; ".join(run.head.error for run in runs))
        scores = [run.metrics for run in runs]
    accuracy, f1 = [s["accuracy"] for s in scores], [s["f1_macro"] for s in scores]
    return [
        Figure("accuracy, fine-tuned", accuracy, "", Aim(">=", aims[0])),
        Figure("  frozen embeddings, logistic regression", [base["accuracy"]]),
        Figure(
            "  errors left, of the baseline's", [(1 - a) / (1 - base["accuracy"]) for a in accuracy], "", Aim("<=", 1.0)
        ),
        Figure("macro F1, fine-tuned", f1, "", Aim(">=", aims[1])),
        Figure("  frozen embeddings, logistic regression", [base["f1_macro"]]),
        Figure("time of a training", seconds, "s", note="from the call to the result"),
        Figure("  time of the baseline", [base_seconds], "s"),
    ]
