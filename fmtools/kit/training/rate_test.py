"""What a learning-rate range test says: the curve smoothed, where the loss fell fastest, where it was least. Pure, no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

#: Rates that are tried, lowest and highest; steps between them; the share of the steps that is averaged on either side.
LOWEST, HIGHEST, STEPS, SIDE = 1e-7, 1.0, 100, 0.04
#: A loss so many times the least so far ends the test; a fall below this share of the first losses is noise.
DIVERGED, FALL = 3.0, 0.05


def rates(steps: int = STEPS, low: float = LOWEST, high: float = HIGHEST) -> list[float]:
    """Return rates from low to high, each the same factor above the one before."""
    return [low * (high / low) ** (number / (steps - 1)) for number in range(steps)]


@dataclass
class Diverging:
    """Says when a test is over: a loss that is no number, or a mean of the last ones far above the least mean.

    Far above a loss that is nearly nothing is still little: what counts is at least a fifth of the first losses."""

    _last: list[float] = field(default_factory=list)
    _first: float = math.nan
    _least: float = math.inf

    def step(self, loss: float) -> bool:
        """Take in a loss; say whether the test is over."""
        if not math.isfinite(loss):
            return True
        self._last = [*self._last[-4:], loss]
        mean = fmean(self._last)
        if len(self._last) == 5:
            self._first = mean if math.isnan(self._first) else self._first
            self._least = min(self._least, mean)
        return mean > DIVERGED * max(self._least, 0.2 * abs(self._first))


def smooth(losses: Sequence[float], side: int) -> list[float]:
    """Return each loss's mean with `side` neighbours before and behind it: no lag, unlike a running mean."""
    return [fmean(losses[max(0, n - side) : n + side + 1]) for n in range(len(losses))]


@dataclass(frozen=True)
class Suggestion:
    """Rates read from a curve: where the loss falls fastest and where it is least; `rate` is the lower of the first and
    a tenth of the second. All None when no rate made the loss fall."""

    smoothed: list[float]
    rate: float | None = None
    steepest: float | None = None
    least: float | None = None


def suggest(tried: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """Read a test: `losses` after steps with the rates `tried`, both in the order of the steps, all finite."""
    side = max(2, round(SIDE * STEPS))
    if len(losses) < 4 * side:
        return Suggestion(list(losses))
    smoothed = smooth(losses, side)
    bottom = min(range(len(smoothed)), key=smoothed.__getitem__)
    first = fmean(losses[: 2 * side])
    noise = math.sqrt(
        fmean((a - b) ** 2 for a, b in zip(losses[: bottom + 1], smoothed, strict=False)) / (2 * side + 1)
    )
    if first - smoothed[bottom] < max(FALL * abs(first), 3 * noise) or bottom < side:
        return Suggestion(smoothed)
    falls = {n: smoothed[n + side] - smoothed[n - side] for n in range(side, min(bottom + 1, len(smoothed) - side))}
    steepest = min(falls, key=falls.__getitem__) if falls else bottom
    rate = min(tried[steepest], tried[bottom] / 10)
    return Suggestion(smoothed, rate, tried[steepest], tried[bottom])
