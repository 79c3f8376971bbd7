"""Scores of rankings, against trec_eval; of likeness, against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, f1_score

from fmtools.kit.scoring.retrieval import likeness_scores, match_scores, ranking_scores, ranks

TREC = {
    "recall_at_1": "recall_1",
    "recall_at_5": "recall_5",
    "recall_at_10": "recall_10",
    "mrr": "recip_rank",
    "ndcg_at_10": "ndcg_cut_10",
}


def unit(random: np.random.Generator, rows: int) -> np.ndarray:
    found = random.normal(size=(rows, 12)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
def test_rankings_are_scored_as_trec_eval_does(seed: int) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    random = np.random.default_rng(seed)
    queries, texts = unit(random, 30), unit(random, 50)
    relevant = [random.choice(50, size=random.integers(1, 14), replace=False).tolist() for _ in range(30)]
    mine = ranking_scores(ranks(queries, texts, relevant)[0])
    run = {f"q{i}": {f"t{j}": float(queries[i] @ texts[j]) for j in range(50)} for i in range(30)}
    truth = {f"q{i}": {f"t{j}": 1 for j in places} for i, places in enumerate(relevant)}
    measures = {"recall.1,5,10", "recip_rank", "ndcg_cut.10"}
    found = pytrec_eval.RelevanceEvaluator(truth, measures).evaluate(run).values()
    for name, theirs in TREC.items():
        assert mine[name] == pytest.approx(np.mean([one[theirs] for one in found]), abs=1e-6), name


def test_a_model_that_cannot_tell_texts_apart_gets_no_credit() -> None:
    same = np.ones((4, 3), np.float32) / np.sqrt(3, dtype=np.float32)
    found, _ = ranks(same, same, [[0], [1], [2], [3]])
    assert ranking_scores(found)["recall_at_1"] == 0


def test_likeness_is_correlated_as_scipy_does() -> None:
    random = np.random.default_rng(1)
    cosines, truth = random.uniform(-1, 1, 40), random.integers(0, 6, 40).astype(float)
    assert likeness_scores(cosines, truth)["spearman"] == pytest.approx(spearmanr(cosines, truth).statistic, abs=1e-12)
    assert np.isnan(likeness_scores(np.zeros(40), truth)["spearman"])


def test_matches_are_scored_as_scikit_learn_does_at_the_best_threshold() -> None:
    random = np.random.default_rng(2)
    truth = random.integers(0, 2, 60).astype(float)
    cosines = truth * 0.3 + random.uniform(-0.4, 0.4, 60)
    metrics, report = match_scores(cosines, truth)
    assert metrics["average_precision"] == pytest.approx(average_precision_score(truth, cosines), abs=1e-12)
    best = max(f1_score(truth, cosines >= cut) for cut in cosines)
    assert metrics["f1"] == pytest.approx(best, abs=1e-12)
    assert report["alike"]["support"] == int(truth.sum())
