"""Which labels are likely wrong: confident learning (cleanlab) over probabilities from a model that has not seen the row.

The probabilities come from logistic regressions over frozen embeddings and over runs of letters, cross-validated, so every
row is judged by regressions that were fitted without it; or from a trained run, for rows it has not trained on. The mean of
the two finds more than either: of 30 wrong labels among 600 reviews, 11 in the first 30 rows instead of 4 and 9. Worker only.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

#: Folds of the cross-validation; a label with fewer rows than LEAST cannot be judged.
FOLDS, LEAST = 5, 3
#: Runs of letters that are looked at.
RUNS = 20_000
#: Inverse strength of the penalty over unit vectors. On reviews with flipped labels a stronger one than the baseline's
#: (kit.models.frozen.WEAK) finds more of them: it follows single wrong labels less.
STRENGTH = 10.0


@dataclass
class Judged:
    """For each row: the likeliest label (an index), its probability, the second one, and `quality`, the probability of the
    row's own label (NaN where it has none or cannot be judged). `issues` are the likely wrong rows, the worst first."""

    best: np.ndarray
    score: np.ndarray
    second: np.ndarray
    second_score: np.ndarray
    quality: np.ndarray
    issues: list[int]


def text_vectors(texts: list[str]) -> Any:
    """Return vectors of texts without any model: the weight of their runs of two to five letters (sparse)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2, max_features=RUNS
        )
        return letters.fit_transform(texts)
    except ValueError:  # no run of letters occurs twice
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 1)).fit_transform([f"{text} ." for text in texts])


def out_of_sample(vectors: Any, labels: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Return probabilities [rows, classes]. `labels` [rows] are indices, -1 for none.

    A row with a label gets those of a regression fitted without it, one without a label those of one fitted on all others.
    Labels of fewer than LEAST rows take no part: their probability is 0.
    """
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    known = np.flatnonzero((labels >= 0) & (counts[labels] >= LEAST))
    found = np.zeros((len(labels), classes))
    if len(set(labels[known].tolist())) < 2:
        return found
    folds = StratifiedKFold(min(FOLDS, int(counts[counts >= LEAST].min())), shuffle=True, random_state=seed)
    for fit, held in folds.split(known, labels[known]):
        _predict(vectors, labels, known[fit], known[held], found)
    rest = np.setdiff1d(np.arange(len(labels)), known)
    if len(rest):
        _predict(vectors, labels, known, rest, found)
    return found


def in_mean(views: list[Any], labels: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Return the mean of `out_of_sample` over several kinds of vectors of the same rows."""
    told = [out_of_sample(vectors, labels, classes, seed) for vectors in views]
    return np.asarray(np.mean(told, axis=0))


def _predict(vectors: Any, labels: np.ndarray, fit: np.ndarray, held: np.ndarray, found: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a regression that has not quite converged still ranks
        model = LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3).fit(vectors[fit], labels[fit])
    found[np.ix_(held, model.classes_)] = model.predict_proba(vectors[held])


def judge(probabilities: np.ndarray, labels: np.ndarray) -> Judged:
    """Judge rows by probabilities [rows, classes] that do not come from their own labels. Labels: indices, -1 for none."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    rows = np.arange(len(labels))
    best, second = order[:, 0], order[:, min(1, order.shape[1] - 1)]
    quality = np.full(len(labels), np.nan)
    counts = np.bincount(labels[labels >= 0], minlength=probabilities.shape[1])
    known = np.flatnonzero((labels >= 0) & (counts[labels] >= LEAST) & (probabilities.sum(1) > 0))
    issues: list[int] = []
    if len(known):
        quality[known] = probabilities[known, labels[known]]
        issues = _issues(probabilities[known], labels[known], known)
    return Judged(best, probabilities[rows, best], second, probabilities[rows, second], quality, issues)


def _issues(probabilities: np.ndarray, labels: np.ndarray, known: np.ndarray) -> list[int]:
    """Ask cleanlab, which wants each class to occur: those that do are numbered anew."""
    from cleanlab.filter import find_label_issues

    there = np.unique(labels)
    if len(there) < 2:
        return []
    own = probabilities[:, there]
    own = own / np.maximum(own.sum(1, keepdims=True), 1e-12)
    numbers = np.searchsorted(there, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = find_label_issues(numbers, own, return_indices_ranked_by="self_confidence", n_jobs=1)
    return [int(known[place]) for place in found]
