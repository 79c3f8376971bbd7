"""Scores against scikit-learn's own report and against arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fmtools.kit.scoring.metrics import classification_scores, cross_entropy, softmax

LABELS = ["a", "b", "c", "never"]


def logits_of(guesses: list[int]) -> np.ndarray:
    return np.eye(4)[guesses] * 3.0


def test_scores_by_hand() -> None:
    scores = classification_scores(logits_of([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 2]), LABELS)
    assert scores["metrics"]["accuracy"] == pytest.approx(4 / 5)
    assert scores["report"]["a"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    assert scores["report"]["b"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2}
    assert scores["metrics"]["f1_macro"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert scores["confusion"] == {"labels": ["a", "b", "c"], "matrix": [[1, 0, 0], [1, 1, 0], [0, 0, 2]]}
    assert "never" not in scores["report"]


def test_averages_are_scikit_learns() -> None:
    from sklearn.metrics import classification_report

    chance = np.random.default_rng(0)
    truth, logits = chance.integers(0, 4, 200), chance.normal(size=(200, 4))
    ours = classification_scores(logits, truth, LABELS)
    theirs = classification_report(truth, logits.argmax(-1), target_names=LABELS, output_dict=True)
    for name in (*LABELS, "macro avg", "weighted avg"):
        wanted = {key.replace("f1-score", "f1"): value for key, value in theirs[name].items()}
        assert ours["report"][name] == pytest.approx(wanted)
    assert ours["metrics"]["f1_micro"] == pytest.approx(theirs["accuracy"])


def test_a_class_guessed_but_never_true_counts_against_the_macro_average() -> None:
    scores = classification_scores(logits_of([0, 1, 3]), np.array([0, 1, 1]), LABELS)
    assert scores["report"]["never"]["precision"] == 0.0
    assert scores["metrics"]["f1_macro"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_cross_entropy_is_torchs_also_for_huge_logits() -> None:
    import torch

    logits = np.array([[1000.0, -1000.0], [0.5, 0.25]], np.float32)
    truth = np.array([0, 1])
    wanted = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(truth)).item()
    assert cross_entropy(logits, truth) == pytest.approx(wanted, rel=1e-6)
    assert softmax(logits).sum(-1) == pytest.approx([1.0, 1.0])
    assert np.isfinite(softmax(logits)).all()


def test_not_a_number_stays_one() -> None:
    scores = classification_scores(np.full((3, 4), np.nan), np.array([0, 1, 2]), LABELS)
    assert np.isnan(scores["metrics"]["loss"])
