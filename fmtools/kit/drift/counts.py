"""Whether what a server sees is still what its model was made for: PSI, chi-square and Kolmogorov-Smirnov on counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...serving.reading.tally import BINS, KINDS, LENGTHS, ORDERED, SCORES, merged

__all__ = ["Drift", "chi_square", "compare", "ks", "merged", "psi"]

#: Population stability index from which on one speaks of a shift (the usual rule: 0.1 some, 0.2 much), and how unlikely
#: chance must be as well: small samples have a large index by chance alone.
MUCH, UNLIKELY = 0.2, 0.001
#: Texts below which nothing is judged.
LEAST = 100
#: Expected count of a bin on either side: rarer ones are put together, for tests that count on it.
EXPECTED = 5
RARE = "(rare)"


@dataclass(frozen=True)
class Drift:
    """One kind of counts beside its reference. `shares`: [(bin in words, share before, share now)], all bins of both."""

    kind: str
    psi: float
    p: float
    test: str
    seen: int
    reference: int
    drifted: bool
    shares: list[tuple[str, float, float]]
    #: The bin that moved most: (name, share before, share now); of ordered bins the medians' bins (name before, name now).
    moved: tuple[Any, ...]


def compare(
    reference: Mapping[str, Any], seen: Mapping[str, Any], least: int = LEAST, much: float = MUCH
) -> list[dict[str, Any]]:
    """Return a Drift as a dict for each kind that both tallies count; [] when their bins differ."""
    if reference.get("bins") != BINS or seen.get("bins") != BINS:
        return []
    both = [kind for kind in KINDS if reference.get(kind) and seen.get(kind)]
    enough = min(int(seen["rows"]), int(reference["rows"])) >= least
    return [asdict(_drift(kind, reference[kind], seen[kind], much, enough)) for kind in both]


def _drift(kind: str, before: Mapping[str, int], now: Mapping[str, int], much: float, enough: bool) -> Drift:
    names = sorted({*before, *now}, key=int) if kind in ORDERED else sorted({*before, *now})
    counts = np.array([[side.get(name, 0) for name in names] for side in (before, now)], float)
    kept = _ordered(counts) if kind in ORDERED else _pooled(counts)
    index = psi(kept)
    test, p = ("KS", ks(counts)) if kind in ORDERED else ("chi-square", chi_square(kept))
    shares = counts / counts.sum(1, keepdims=True)
    words = [_word(kind, name) for name in names]
    return Drift(
        kind,
        round(index, 4),
        p,
        test,
        int(counts[1].sum()),
        int(counts[0].sum()),
        bool(enough and index > much and p < UNLIKELY),
        [(word, float(a), float(b)) for word, a, b in zip(words, *shares, strict=True)],
        _moved(kind, words, shares),
    )


def psi(counts: np.ndarray) -> float:
    """Return the population stability index of counts [2, bins]; half a text is added to each bin, so that none is empty."""
    smooth = counts + 0.5
    before, now = smooth / smooth.sum(1, keepdims=True)
    return float(((now - before) * np.log(now / before)).sum())


def chi_square(counts: np.ndarray) -> float:
    """Return how likely counts [2, bins] are at least this different when both are drawn alike."""
    from scipy.stats import chi2_contingency

    return float(chi2_contingency(counts, correction=False).pvalue) if counts.shape[1] > 1 else 1.0


def ks(counts: np.ndarray) -> float:
    """Return the same for ordered bins, by Kolmogorov and Smirnov's test; values that share a bin make it cautious."""
    from scipy.special import kolmogorov

    sizes = counts.sum(1)
    apart = np.abs(np.diff(np.cumsum(counts, 1) / sizes[:, None], axis=0)).max()
    return float(kolmogorov(apart * np.sqrt(sizes.prod() / sizes.sum())))


def _least(counts: np.ndarray) -> np.ndarray:
    """Return the smaller expected count of each bin, were both sides drawn alike."""
    sizes = counts.sum(1)
    found: np.ndarray = counts.sum(0) * sizes.min() / sizes.sum()
    return found


def _pooled(counts: np.ndarray) -> np.ndarray:
    """Return counts with all rare bins as one; that one goes to the smallest other when it is rare itself."""
    rare = _least(counts) < EXPECTED
    kept = counts[:, ~rare]
    rest = counts[:, rare].sum(1, keepdims=True)
    if not rest.sum():
        return kept
    whole = np.concatenate([kept, rest], 1)
    if kept.shape[1] and _least(whole)[-1] < EXPECTED:
        smallest = int(kept.sum(0).argmin())
        kept = kept.copy()
        kept[:, smallest] += rest[:, 0]
        return kept
    return whole


def _ordered(counts: np.ndarray) -> np.ndarray:
    """Return counts with each rare bin added to the next; the last to the one before."""
    limit, sizes = float(EXPECTED), counts.sum(1)
    groups: list[np.ndarray] = []
    now = np.zeros(2)
    for column in counts.T:
        now = now + column
        if now.sum() * sizes.min() / sizes.sum() >= limit:
            groups.append(now)
            now = np.zeros(2)
    if now.sum():
        groups = [*groups[:-1], groups[-1] + now] if groups else [now]
    return np.stack(groups, 1)


def _moved(kind: str, words: list[str], shares: np.ndarray) -> tuple[Any, ...]:
    if kind in ORDERED:
        medians = [words[int((np.cumsum(side) >= 0.5).argmax())] for side in shares]
        return (medians[0], medians[1])
    most = int(np.abs(shares[1] - shares[0]).argmax())
    return (words[most], float(shares[0][most]), float(shares[1][most]))


def _word(kind: str, name: str) -> str:
    """Return a bin as people read it: 32–44 characters, 0.95–0.98."""
    if kind in ("length", "written"):
        return _between(int(name), [0, *LENGTHS], lambda low, high: f"{low}–{high - 1}")
    if kind == "score":
        bounds = [*SCORES, 1.0]
        number = int(name)
        return f"{bounds[number - 1]:g}–{bounds[number]:g}" if number else "<0"
    return name


def _between(number: int, bounds: list[int], say: Any) -> str:
    word: str = say(bounds[number], bounds[number + 1]) if number + 1 < len(bounds) else f"≥{bounds[-1]}"
    return word
