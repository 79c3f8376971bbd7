"""A learning-rate test is read as a person would read it: from curves whose answer is known."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from fmtools.kit.training.rate_test import HIGHEST, LOWEST, STEPS, Diverging, rates, suggest


def curve(edge: float, blow_up: float, noise: float, seed: int = 0) -> tuple[list[float], list[float]]:
    """A loss of 1 that falls to 0.2 around `edge` (steepest there), and runs away from `blow_up` on."""
    chance, tried = random.Random(seed), rates()
    losses = []
    for rate in tried:
        fallen = 1 / (1 + (edge / rate) ** 1.5)
        away = max(0.0, math.log10(rate / blow_up)) * 20
        losses.append(1 - 0.8 * fallen + away + chance.gauss(0, noise))
    return tried, losses


def test_rates_rise_by_one_factor_from_end_to_end() -> None:
    tried = rates()
    assert (len(tried), tried[0], tried[-1]) == (STEPS, pytest.approx(LOWEST), pytest.approx(HIGHEST))
    assert {round(b / a, 9) for a, b in itertools.pairwise(tried)} == {round(tried[1] / tried[0], 9)}


@pytest.mark.parametrize("edge", [1e-5, 3e-4, 1e-2])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_suggestion_is_near_where_the_loss_falls_fastest(edge: float, noise: float) -> None:
    found = suggest(*curve(edge, 30 * edge, noise))
    assert found.rate is not None
    assert found.steepest is not None
    assert found.least is not None
    assert edge / 3 < found.steepest < 3 * edge
    assert edge < found.least <= 60 * edge
    assert found.rate == pytest.approx(min(found.steepest, found.least / 10))


def test_no_fall_is_no_suggestion() -> None:
    chance = random.Random(2)
    noise = [1 + chance.gauss(0, 0.1) for _ in range(STEPS)]
    assert suggest(rates(), noise).rate is None
    rising = [1 + 0.02 * step for step in range(STEPS)]
    assert suggest(rates(), rising).rate is None
    assert suggest(rates()[:3], [1.0, 0.9, 0.8]).rate is None


def test_a_test_is_over_when_the_loss_runs_away_or_is_no_number() -> None:
    def over_at(losses: list[float]) -> int | None:
        watch = Diverging()
        return next((n for n, loss in enumerate(losses) if watch.step(loss)), None)

    assert over_at([1.0] * 20 + [math.nan]) == 20
    assert over_at([1.0] * 20 + [9.0] * 5) == 21
    assert over_at([1.0, 4.0] * 20) is None
    assert over_at([1.0] * 10 + [1e-4] * 10 + [1e-3] * 10) is None  # learned: three times nothing is nothing
