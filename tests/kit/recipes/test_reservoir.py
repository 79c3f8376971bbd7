"""The sample is a fair one, also when it is taken up again in the middle."""

from __future__ import annotations

import random
from collections import Counter

from fmtools.kit.recipes.reservoir import Reservoir

SIZE, MANY, TIMES = 5, 40, 4000


def drawn(seed: int) -> list[int]:
    """Return which of MANY things are kept; half way on, the sample is taken up anew from what was written down."""
    chance = random.Random(seed)
    reservoir, kept = Reservoir(SIZE, chance=chance), [-1] * SIZE
    for thing in range(MANY):
        if thing == MANY // 2:
            reservoir = Reservoir(SIZE, reservoir.seen, chance)
        if (place := reservoir.place()) is not None:
            kept[place] = thing
    return kept


def test_every_thing_is_kept_with_the_same_chance() -> None:
    counts: Counter[int] = Counter()
    for seed in range(TIMES):
        kept = drawn(seed)
        assert len(set(kept)) == SIZE
        assert min(kept) >= 0
        counts.update(kept)
    wanted = TIMES * SIZE / MANY  # 500 each, with a standard deviation of 21
    assert all(abs(counts[thing] - wanted) < 5 * 21 for thing in range(MANY))
    chi = sum((counts[thing] - wanted) ** 2 / wanted for thing in range(MANY))
    assert chi < 75  # chi-square of 39 degrees of freedom: above it once in 2,000 tests
