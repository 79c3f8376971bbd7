"""Scores of a classification: averages, per-class report, confusion matrix, as scikit-learn defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from ...serving.reading.numbers import sigmoid as sigmoid
from ...serving.reading.numbers import softmax as softmax
from .details import calibration, worst


def classification_scores(
    logits: np.ndarray, truth: np.ndarray, labels: list[str], texts: list[str] | None = None
) -> dict[str, Any]:
    """Score logits [rows, classes] against class numbers [rows]; with `texts` the worst errors can be browsed.

    Averages go over the classes that occur in the truth or in the predictions, as scikit-learn's report does: a class
    that is neither asked nor answered has no F1. Returns "metrics", "report" (per class), "confusion" (rows = truth) and "details" (calibration, worst errors).
    """
    guess = np.asarray(logits).argmax(-1)
    truth = np.asarray(truth)
    present = sorted(set(truth.tolist()) | set(guess.tolist()))
    per_class = precision_recall_fscore_support(truth, guess, labels=present, zero_division=0.0)
    metrics = {"accuracy": float(accuracy_score(truth, guess)), "loss": cross_entropy(logits, truth)}
    report: dict[str, Any] = {
        labels[c]: _row(p, r, f, s)
        for c, p, r, f, s in zip(present, *(column.tolist() for column in per_class), strict=True)
    }
    for average in ("micro", "macro", "weighted"):
        p, r, f, _ = precision_recall_fscore_support(truth, guess, labels=present, average=average, zero_division=0.0)
        report[f"{average} avg"] = _row(float(p), float(r), float(f), len(truth))
        metrics[f"f1_{average}"] = float(f)
    metrics["precision_macro"] = report["macro avg"]["precision"]
    metrics["recall_macro"] = report["macro avg"]["recall"]
    matrix = confusion_matrix(truth, guess, labels=present).tolist()
    chance = softmax(np.asarray(logits, np.float64))
    sure = chance.max(-1)
    table, metrics["calibration_error"] = calibration(sure, guess == truth)
    details = [table]
    if texts is not None:
        wrong = sorted(np.flatnonzero(guess != truth), key=lambda row: -sure[row])
        details.append(worst([texts[r], labels[truth[r]], labels[guess[r]], sure[r]] for r in wrong))
    return {
        "metrics": metrics,
        "report": report,
        "confusion": {"labels": [labels[c] for c in present], "matrix": matrix},
        "details": details,
    }


def multi_label_scores(logits: np.ndarray, truth: np.ndarray, labels: list[str]) -> dict[str, Any]:
    """Score logits [rows, labels] against 0 and 1 [rows, labels]; a label is given above one half.

    As scikit-learn's report does for indicators; "accuracy" is the share of rows whose labels are all right.
    """
    wide, truth = np.asarray(logits, np.float64), np.asarray(truth) > 0.5
    guess = wide > 0
    per_class = precision_recall_fscore_support(truth, guess, average=None, zero_division=0.0)
    losses = np.logaddexp(0.0, wide) - wide * truth
    metrics = {"accuracy": float((guess == truth).all(-1).mean()), "loss": float(losses.mean())}
    report: dict[str, Any] = {
        name: _row(*values) for name, *values in zip(labels, *(column.tolist() for column in per_class), strict=True)
    }
    for average in ("micro", "macro", "weighted", "samples"):
        p, r, f, _ = precision_recall_fscore_support(truth, guess, average=average, zero_division=0.0)
        report[f"{average} avg"] = _row(float(p), float(r), float(f), int(truth.sum()))
        metrics[f"f1_{average}"] = float(f)
    metrics["precision_macro"] = report["macro avg"]["precision"]
    metrics["recall_macro"] = report["macro avg"]["recall"]
    return {"metrics": metrics, "report": report, "confusion": {}, "details": []}


def _row(precision: float, recall: float, f1: float, support: float) -> dict[str, float]:
    return {"precision": precision, "recall": recall, "f1": f1, "support": int(support)}


def cross_entropy(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of -log p(truth), in nats, for logits [rows, classes] and class numbers [rows]."""
    wide = np.asarray(logits, np.float64)
    shifted = wide - wide.max(-1, keepdims=True)
    chosen = np.take_along_axis(shifted, np.asarray(truth)[:, None], -1)[:, 0]
    return float((np.log(np.exp(shifted).sum(-1)) - chosen).mean())
