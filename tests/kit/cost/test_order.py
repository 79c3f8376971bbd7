"""The order of batches is that of the training, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from fmtools.kit.cost.order import EXACT, batches
from fmtools.kit.training.batches import LengthGroups, Shuffled


@pytest.mark.parametrize(
    ("rows", "seed", "size"), [(4000, 42, 16), (37, 7, 5), (1, 3, 4), (16, 0, 16), (2000, 2**31 + 5, 8)]
)
def test_batches_are_those_that_the_training_takes(rows: int, seed: int, size: int) -> None:
    lengths = np.random.default_rng(1).integers(3, 200, rows)
    for grouped, taken in (
        (True, LengthGroups(lengths.tolist(), size, seed, lambda: 0)),
        (False, Shuffled(rows, seed, lambda: 0)),
    ):
        made = batches(lengths, size, grouped, seed)
        assert np.concatenate(made).tolist() == list(taken)
        assert all(len(batch) == size for batch in made[:-1])


def test_of_many_rows_each_comes_once() -> None:
    rows = EXACT + 1
    made = batches(np.arange(rows), 64, True, 1)
    assert sorted(np.concatenate(made).tolist()) == list(range(rows))
