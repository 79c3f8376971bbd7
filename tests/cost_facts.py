"""Made-up facts of a training, for tests of what is concluded from them."""

from __future__ import annotations

import random
from typing import Any

from fmtools.core.options import TrainOptions
from fmtools.kit.cost.model import Facts


def facts(**values: Any) -> Facts:
    """Facts of a made-up model: a batch takes 10 ms, 1 ms a hundred tokens, and 1 us a squared token."""
    chance = random.Random(1)
    lengths = [chance.randint(5, 128) for _ in range(1000)]
    usual = {
        "lengths": lengths, "held": lengths[:100], "scored": 100, "longest": 128, "batch": [[0.01, 1e-5, 1e-6]] * 2,
        "step": [0.02, 0.02], "activations": [0.0, 1e5, 1000.0], "loaded_bytes": 600_000_000,
    }  # fmt: skip
    return Facts(**{**usual, **values})


def options(**values: Any) -> TrainOptions:
    made: TrainOptions = TrainOptions.parse({"data": "x", "batch_size": 16, "epochs": 2.0, **values})
    return made
