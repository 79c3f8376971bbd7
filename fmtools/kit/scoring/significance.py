"""Is one model better than another, or was it luck? Paired tests over the rows that both were scored on.

A metric is a function of sums over rows (right answers; matches, guesses and truths; nats and tokens ...), so a resample of
the rows is a matrix product. Rows on which both models have the same sums are counted together: ten thousand resamples of
right and wrong answers cost as much as of four rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

#: Resamples at most and at least; between them so many that resamples times different rows stay below WORK.
MOST, LEAST, WORK = 10_000, 1_000, 100_000_000
LEVEL = 0.95
#: Numbers of a piece of the resampling matrix: 4 million are 32 MB.
PIECE = 4_000_000
#: Differences this small, of sums that were added in another order, are none.
TINY = 1e-12


@dataclass(frozen=True)
class Outcomes:
    """What a model did on each row. `stats` [rows, k]: what is summed; `combine`: how the sums become the metric, see COMBINE.

    `unit`: what a row is ("texts", "sentences" ...); `points`: the factor that makes points of differences of the metric
    (100 for a share, 1 for a score of 100); 0 for a metric that is no score of 100, such as a loss.
    """

    metric: str
    combine: str
    stats: np.ndarray
    unit: str = "rows"
    points: float = 100.0
    lower: bool = False

    @property
    def value(self) -> float:
        """The metric over all rows."""
        return float(COMBINE[self.combine](self.stats.sum(0)[None], np.array([len(self.stats)]))[0])

    @property
    def facts(self) -> dict[str, Any]:
        """Everything but the sums, as plain JSON."""
        return {name: getattr(self, name) for name in ("metric", "combine", "unit", "points", "lower")}

    @property
    def yes_or_no(self) -> bool:
        """Whether each row is right or wrong and the metric is the share of right ones: what McNemar's test is for."""
        return self.combine == "mean" and bool(np.isin(self.stats, (0.0, 1.0)).all())


def _mean(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(sums[:, 0] / rows)


def _ratio(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    del rows
    return np.asarray(np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] != 0))


def _perplexity(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(np.minimum(_ratio(sums, rows), 700.0)))


def _bleu(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """BLEU of (written, reference, matches of 1 to 4 words, n-grams of 1 to 4 words), smoothed as sacrebleu does ("exp")."""
    del rows
    written, reference, matches, total = sums[:, 0], sums[:, 1], sums[:, 2:6], sums[:, 6:10]
    logs, smooth = np.zeros(len(sums)), np.ones(len(sums))
    for n in range(4):
        none = matches[:, n] <= 0
        smooth = np.where(none, 2 * smooth, smooth)
        share = np.where(none, 1.0 / smooth, matches[:, n]) / np.maximum(total[:, n], 1e-9)
        logs += np.where(total[:, n] > 0, np.log(100.0 * share), -9999999999.0) / 4
    brevity = np.where(written < reference, 1.0 - reference / np.maximum(written, 1e-9), 0.0)
    return np.asarray(np.where(matches.any(1), np.exp(logs + brevity), 0.0))


#: sums [resamples, k] and rows in each -> values [resamples].
COMBINE = {"mean": _mean, "ratio": _ratio, "perplexity": _perplexity, "bleu": _bleu}


@dataclass(frozen=True)
class Compared:
    """`difference` = first minus second in the metric's own unit, with its 95 % interval; `p` two-sided.

    `only` counts the rows that only the first, and only the second, has right (McNemar); None for other metrics.
    """

    difference: float
    low: float
    high: float
    p: float
    test: str
    rows: int
    only: tuple[int, int] | None = None


def comparable(first: Outcomes, second: Outcomes) -> str:
    """Return why two models cannot be tested against each other; "" when they can."""
    if first.metric != second.metric or first.combine != second.combine:
        return f"they are scored by {first.metric} and by {second.metric}"
    if len(first.stats) != len(second.stats):
        return f"they are scored on {len(first.stats):,} and on {len(second.stats):,} {first.unit}"
    asked = first.combine == "perplexity" and not np.array_equal(first.stats[:, 1], second.stats[:, 1])
    return "their tokens are not the same: compare bits per byte" if asked else ""


def compare(first: Outcomes, second: Outcomes, seed: int = 0) -> Compared:
    """Test two models on the same rows in the same order. Raises ValueError when they are not comparable.

    p: McNemar's exact test where rows are right or wrong, else paired randomisation (which of the two did what is
    drawn for each row). The interval is that of a paired bootstrap over the rows, percentiles.
    """
    why = comparable(first, second)
    if why:
        raise ValueError(why)
    pair = _Pair(first, second)
    draw = np.random.default_rng(seed)
    low, high = np.quantile(pair.bootstrap(draw), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    facts = pair.difference, float(low), float(high)
    if first.yes_or_no and second.yes_or_no:
        only = _only(first, second)
        return Compared(*facts, mcnemar(*only), "McNemar", len(first.stats), only)
    return Compared(*facts, pair.randomised(draw), "randomisation", len(first.stats))


def _only(first: Outcomes, second: Outcomes) -> tuple[int, int]:
    right = first.stats[:, 0] > 0.5, second.stats[:, 0] > 0.5
    return int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())


def mcnemar(first: int, second: int) -> float:
    """Return the exact two-sided p for rows that only one of two models has right: a coin thrown so many times."""
    return float(binomtest(first, first + second, 0.5).pvalue) if first + second else 1.0


class _Pair:
    """Two models' sums, with equal rows counted together."""

    def __init__(self, first: Outcomes, second: Outcomes) -> None:
        self.width, self.value = first.stats.shape[1], COMBINE[first.combine]
        both = np.concatenate([first.stats, second.stats], 1)
        self.rows, self.counts = np.unique(both, axis=0, return_counts=True)
        self.count = len(both)
        self.resamples = int(np.clip(WORK // len(self.rows), LEAST, MOST))
        self.difference = float(self._differences(self.counts[None].astype(float) @ self.rows)[0])

    def _differences(self, sums: np.ndarray) -> np.ndarray:
        """Return first minus second for sums of both [resamples, 2 k]."""
        sizes = np.full(len(sums), self.count)
        return self.value(sums[:, : self.width], sizes) - self.value(sums[:, self.width :], sizes)

    def _pieces(self) -> Iterator[int]:
        size = max(1, PIECE // len(self.rows))
        for start in range(0, self.resamples, size):
            yield min(size, self.resamples - start)

    def bootstrap(self, draw: np.random.Generator) -> np.ndarray:
        """Return the differences [resamples] on as many rows, drawn with replacement."""
        shares = self.counts / self.count
        found = [self._differences(draw.multinomial(self.count, shares, n) @ self.rows) for n in self._pieces()]
        return np.concatenate(found)

    def randomised(self, draw: np.random.Generator) -> float:
        """Return the share of exchanges of the two models, row by row, that differ as much as what was seen."""
        first, second = self.rows[:, : self.width], self.rows[:, self.width :]
        total = self.counts.astype(float) @ self.rows
        as_far = 0
        for n in self._pieces():
            moved = draw.binomial(self.counts, 0.5, (n, len(self.counts))) @ (second - first)
            sums = np.concatenate([total[: self.width] + moved, total[self.width :] - moved], 1)
            as_far += int((np.abs(self._differences(sums)) >= abs(self.difference) - TINY).sum())
        return (as_far + 1) / (self.resamples + 1)


def holm(p: list[float]) -> list[float]:
    """Return p corrected for several comparisons (Holm): none is taken for luck's work more often than 5 % of all families."""
    order = sorted(range(len(p)), key=p.__getitem__)
    found, least = [0.0] * len(p), 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, (len(p) - place) * p[i]))
        found[i] = least
    return found


def best_of(outcomes: list[Outcomes]) -> int:
    """Return the place of the best, the first of equals."""
    sign = -1.0 if outcomes[0].lower else 1.0
    return max(range(len(outcomes)), key=lambda i: (sign * outcomes[i].value, -i))


def against_best(names: list[str], outcomes: list[Outcomes], seed: int = 0) -> list[dict[str, Any]]:
    """Test the best against each of the others, Holm-corrected; return one plain JSON object a test.

    Raises ValueError when two of them are not comparable.
    """
    best = best_of(outcomes)
    others = [i for i in range(len(outcomes)) if i != best]
    found = [compare(outcomes[best], outcomes[i], seed) for i in others]
    corrected = holm([one.p for one in found])
    of = outcomes[best]
    return [
        {
            "better": names[best], "worse": names[i], "metric": of.metric, "values": [of.value, outcomes[i].value],
            "difference": one.difference, "low": one.low, "high": one.high, "p": p, "p_alone": one.p, "test": one.test,
            "rows": one.rows, "unit": of.unit, "points": of.points, "only": list(one.only) if one.only else None, "tests": len(others),
        }
        for i, one, p in zip(others, found, corrected, strict=True)
    ]  # fmt: skip
