"""The tests between models: right against scipy and sacrebleu, and wrong no more often than they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fmtools.kit.scoring import row_outcomes
from fmtools.kit.scoring.significance import COMBINE, Outcomes, against_best, comparable, compare, holm, mcnemar


def _shares(values: np.ndarray) -> Outcomes:
    return Outcomes("accuracy", "mean", np.asarray(values, float)[:, None], "texts")


def _pair(draw: np.random.Generator, rows: int, first: float, second: float) -> tuple[Outcomes, Outcomes]:
    """Two models that share what is easy and what is hard, as models do."""
    common = draw.random(rows)
    noise = draw.random((2, rows)) * 0.4
    return tuple(_shares((common * 0.6 + one) < rate) for one, rate in zip(noise, (first, second), strict=True))  # type: ignore[return-value]


def test_the_interval_is_scipys_and_the_p_is_mcnemars() -> None:
    first, second = _pair(np.random.default_rng(3), 400, 0.62, 0.55)
    found = compare(first, second)
    theirs = stats.bootstrap(
        (first.stats[:, 0], second.stats[:, 0]),
        lambda a, b, axis=-1: a.mean(axis) - b.mean(axis),
        paired=True, method="percentile", n_resamples=9999, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)
    assert found.difference == pytest.approx(first.value - second.value)
    assert found.only is not None
    assert found.p == pytest.approx(stats.binomtest(found.only[0], sum(found.only)).pvalue)
    assert found.low < found.difference < found.high


def test_the_randomisation_is_scipys_permutation_test() -> None:
    draw = np.random.default_rng(5)
    first, second = (Outcomes("rougel", "mean", draw.normal(mean, 1, 120)[:, None]) for mean in (0.25, 0.0))
    found = compare(first, second)
    theirs = stats.permutation_test(
        (first.stats[:, 0], second.stats[:, 0]), lambda a, b, axis: (a - b).mean(axis),
        permutation_type="samples", n_resamples=9999, vectorized=True, rng=np.random.default_rng(2),
    )  # fmt: skip
    assert found.test == "randomisation"
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)


@pytest.mark.parametrize("kind", ["right or wrong", "entities"])
def test_equal_models_are_told_apart_at_most_as_often_as_promised(kind: str) -> None:
    draw, found, outside = np.random.default_rng(11), [], 0
    for seed in range(120):
        if kind == "entities":
            asked = draw.integers(1, 5, (60, 1)).astype(float)
            pair = [Outcomes("f1", "ratio", np.hstack([2 * draw.binomial(4, 0.2, (60, 1)), 4 + asked])) for _ in "ab"]
        else:
            pair = list(_pair(draw, 150, 0.6, 0.6))
        seen = compare(pair[0], pair[1], seed)
        found.append(seen.p)
        outside += not seen.low <= 0 <= seen.high
    # 120 trials at 5 %: 6 are expected, more than 14 happen once in a thousand times.
    assert sum(p < 0.05 for p in found) <= 14
    assert outside <= 14
    if kind == "entities":
        assert 0.35 < np.mean(found) < 0.65  # exact p are uniform, not merely large


def test_a_real_difference_is_found() -> None:
    draw = np.random.default_rng(7)
    first, second = _pair(draw, 1_000_000, 0.7, 0.6)
    true = first.value - second.value
    found = [compare(*_pair(draw, 600, 0.7, 0.6), seed) for seed in range(60)]
    assert sum(one.p < 0.05 for one in found) >= 54
    assert sum(one.low <= true <= one.high for one in found) >= 52  # 57 are expected


def test_bleu_of_sums_is_sacrebleus() -> None:
    from sacrebleu.metrics.bleu import BLEU

    draw = np.random.default_rng(2)
    words = [f"w{i}" for i in range(12)]
    refs = [" ".join(draw.choice(words, draw.integers(1, 9))) for _ in range(40)]
    for share in (0.0, 0.3, 0.95):
        said = [" ".join(draw.choice(words) if draw.random() > share else w for w in ref.split()) for ref in refs]
        own = row_outcomes.texts(said, refs, "ascii", "bleu")
        assert own.value == pytest.approx(BLEU(force=True).corpus_score(said, [refs]).score, abs=1e-9)
        some = [3, 3, 8, 20]
        part = COMBINE["bleu"](own.stats[some].sum(0)[None], np.array([4]))[0]
        assert part == pytest.approx(
            BLEU(force=True).corpus_score([said[i] for i in some], [[refs[i] for i in some]]).score, abs=1e-9
        )


def test_several_are_tested_against_the_best_with_holms_correction() -> None:
    draw = np.random.default_rng(9)
    best, middle = _pair(draw, 500, 0.7, 0.62)
    found = against_best(["middle", "best", "same"], [middle, best, best])
    assert {one["better"] for one in found} == {"best"}
    assert [one["worse"] for one in found] == ["middle", "same"]
    assert found[1]["p"] == 1.0
    assert found[0]["p"] == pytest.approx(min(1.0, 2 * found[0]["p_alone"]))
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert mcnemar(0, 0) == 1.0


def test_what_cannot_be_compared_says_why() -> None:
    some = np.array([[10.0, 4.0], [9.0, 5.0]])
    first = row_outcomes.tallies(np.hstack([some, some[:, :1]]))
    other = Outcomes("perplexity", "perplexity", some + np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert "bits per byte" in comparable(first, other)
    assert comparable(first, first) == ""
    assert "on 2 and on 3" in comparable(_shares(np.ones(2)), _shares(np.ones(3)))
    with pytest.raises(ValueError, match="scored by"):
        compare(first, _shares(np.ones(2)))


def test_lower_is_better_for_perplexity_and_the_value_is_exact() -> None:
    worse = row_outcomes.tallies(np.array([[20.0, 4.0, 1.0]] * 30))
    better = row_outcomes.tallies(np.array([[10.0, 4.0, 1.0]] * 30))
    (found,) = against_best(["a", "b"], [worse, better])
    assert found["better"] == "b"
    assert found["values"] == pytest.approx([np.exp(2.5), np.exp(5.0)])
    assert found["p"] < 0.001
