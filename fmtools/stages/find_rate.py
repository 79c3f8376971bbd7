"""find-lr: the training stage with a rate that rises at every step, on a copy of the model that is thrown away."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.options import TrainOptions
from ..store.runs import RunRecord

#: What a test does not do.
ASIDE: dict[str, Any] = {
    "eval_steps": 0,
    "save_minutes": 1440.0,
    "patience": None,
    "keep": "last",
    "compile": "off",
    "watch_every": 0,
    "sample_every": 0,
    "follow": [],
    "processes": 1,
}
Train = Callable[..., Any]
#: Fewer steps than this tell nothing.
LEAST = 40


def find_rate(train: Train, record: dict[str, Any], folder: str) -> dict[str, Any]:
    """Test the rates of a run to be; `folder`, two levels below the store, holds what the test writes.

    train: the training stage. Returns {"flags", "rates", "losses", "diverged"}: see kit.training.rate_sweep.Sweep. Raises FmError as
    a training would.
    """
    from ..kit.cost.scene import RehearsalContext
    from ..kit.training.rate_sweep import Over, Sweep
    from ..kit.training.rate_test import STEPS

    asked = RunRecord.model_validate(record)
    steps = max(LEAST, min(STEPS, asked.options.get("max_steps") or STEPS))
    aside = {name: value for name, value in ASIDE.items() if name in asked.options}
    short = asked.model_copy(update={"options": {**asked.options, **aside, "max_steps": steps}})
    sweep = Sweep(TrainOptions.parse(asked.options), steps)
    with contextlib.suppress(Over):
        train(RehearsalContext(Path(folder)), short, sweep)
    return {"flags": sweep.flags, "rates": sweep.tried, "losses": sweep.losses, "diverged": sweep.diverged}
