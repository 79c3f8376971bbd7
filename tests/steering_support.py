"""Steering a run at a chosen step: an inline run whose follower writes wishes when the log reaches the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fmtools
from fmtools import api
from fmtools.core.events import Control
from fmtools.core.options import TrainOptions
from fmtools.runtime.wait import Silent
from fmtools.store import controls
from fmtools.store.log import LogReader
from support import rows

Wishes = dict[int, list[tuple[str, float | None]]]


class Hand(Silent):
    """Writes wishes into the run's folder as soon as their step is in the log."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = dict(wishes)

    def start(self, run_folder: Path) -> None:
        self.folder, self.log = run_folder, LogReader(run_folder / "events")

    def tick(self) -> None:
        for record in self.log.read():
            if record["type"] == "step":
                for action, value in self.wishes.pop(record["step"], []):
                    controls.add(
                        self.folder, Control.model_validate({"action": action, "value": value, "by": "notebook"})
                    )


def train(model: Path, wishes: Wishes, monkeypatch: Any, **options: Any) -> fmtools.Run:
    """Train the tiny encoder in this process: 96 rows, eleven steps an epoch; wishes are obeyed at their very step."""
    monkeypatch.setattr("fmtools.kit.training.narrator.LOOK", -1.0)
    usual: dict[str, Any] = {
        "data": rows(96), "epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "watch_every": 0, "precision": "fp32",
    }  # fmt: skip
    asked = TrainOptions.parse({"model": str(model), **usual, **options, "inline": True})
    run: fmtools.Run = api.execute(asked, Hand(wishes))
    return run
