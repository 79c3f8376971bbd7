"""How good a ranking is: recall, reciprocal rank and discounted gain as trec_eval defines them, and likeness as a number."""

from __future__ import annotations

from typing import Any

import numpy as np

CUTS = (1, 5, 10)
#: Queries compared with all texts at once: the matrix of likenesses stays small.
AT_ONCE = 1024


def ranks(queries: np.ndarray, texts: np.ndarray, relevant: list[list[int]]) -> tuple[list[np.ndarray], list[int]]:
    """Return (the ranks, from 1, of each query's relevant texts; the nearest text of each query).

    queries [q, width] and texts [n, width] are unit vectors; `relevant` [q] holds places in `texts`. Of equally near
    texts a relevant one comes last: who cannot tell them apart gets no credit.
    """
    found: list[np.ndarray] = []
    nearest: list[int] = []
    for start in range(0, len(queries), AT_ONCE):
        likeness = queries[start : start + AT_ONCE] @ texts.T
        for row, places in zip(likeness, relevant[start : start + AT_ONCE], strict=True):
            mine = np.sort(row[places])[::-1]
            others = np.delete(row, places)
            found.append(np.array([1 + i + int((others >= value).sum()) for i, value in enumerate(mine)]))
            nearest.append(int(row.argmax()))
    return found, nearest


def ranking_scores(found: list[np.ndarray]) -> dict[str, float]:
    """Return recall_at_1/5/10, mrr and ndcg_at_10, each the mean over the queries, from the ranks of what is relevant."""
    scores = {f"recall_at_{k}": float(np.mean([(own <= k).mean() for own in found])) for k in CUTS}
    scores["mrr"] = float(np.mean([1.0 / own.min() for own in found]))
    scores["ndcg_at_10"] = float(
        np.mean([_gain(own[own <= 10]) / _gain(np.arange(1, min(len(own), 10) + 1)) for own in found])
    )
    return scores


def _gain(places: np.ndarray) -> float:
    return float((1.0 / np.log2(places + 1)).sum())


def likeness_scores(likeness: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return Spearman's and Pearson's correlation of cosines [rows] with the scores asked for [rows]; NaN for a constant."""
    from scipy.stats import pearsonr, spearmanr

    if len(set(truth.tolist())) < 2 or len(set(likeness.tolist())) < 2:
        return {"spearman": float("nan"), "pearson": float("nan")}
    return {
        "spearman": float(spearmanr(likeness, truth).statistic),
        "pearson": float(pearsonr(likeness.astype(float), truth.astype(float)).statistic),
    }


def match_scores(likeness: np.ndarray, truth: np.ndarray) -> tuple[dict[str, float], dict[str, Any]]:
    """Return (average_precision, and accuracy, f1, precision, recall at the threshold with the best F1; a report of both).

    truth: 1 for texts that are alike, 0 for others [rows].
    """
    # Imported here: every kernel and command line reads this module, and few of them ask for this.
    from sklearn.metrics import average_precision_score, precision_recall_curve, precision_recall_fscore_support

    alike = truth > 0.5
    if alike.all() or not alike.any():
        return {"average_precision": float("nan")}, {}
    precision, recall, cuts = precision_recall_curve(alike, likeness)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    cut = float(cuts[int(f1[:-1].argmax())])
    guess = likeness >= cut
    columns = precision_recall_fscore_support(alike, guess, labels=[False, True], zero_division=0.0)
    report = {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
        for name, p, r, f, n in zip(("not alike", "alike"), *columns, strict=True)
    }
    metrics = {
        "average_precision": float(average_precision_score(alike, likeness)),
        "accuracy": float((guess == alike).mean()),
        "threshold": cut,
        **{name: report["alike"][name] for name in ("f1", "precision", "recall")},
    }
    return metrics, report
