"""Scores of a classification: averages, per-class report, confusion matrix, as scikit-learn defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support


def classification_scores(logits: np.ndarray, truth: np.ndarray, labels: list[str]) -> dict[str, Any]:
    """Score logits [rows, classes] against class numbers [rows].

    Averages go over the classes that occur in the truth or in the predictions, as scikit-learn's report does: a class
    that is neither asked nor answered has no F1. Returns "metrics", "report" (per class) and "confusion" (rows = truth).
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
    return {
        "metrics": metrics,
        "report": report,
        "confusion": {"labels": [labels[c] for c in present], "matrix": matrix},
    }


def _row(precision: float, recall: float, f1: float, support: float) -> dict[str, float]:
    return {"precision": precision, "recall": recall, "f1": f1, "support": int(support)}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities over the last axis: exp(x) over the sum of exp(x), shifted by the maximum for range."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def cross_entropy(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of -log p(truth), in nats, for logits [rows, classes] and class numbers [rows]."""
    wide = np.asarray(logits, np.float64)
    shifted = wide - wide.max(-1, keepdims=True)
    chosen = np.take_along_axis(shifted, np.asarray(truth)[:, None], -1)[:, 0]
    return float((np.log(np.exp(shifted).sum(-1)) - chosen).mean())
