"""What was changed in a run while it worked, and how long that makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

#: A run has no more epochs than the options allow.
MOST_EPOCHS = 1000.0


class Steered(BaseModel):
    """A change that the run's later steps depend on: a resumed run makes it again at the same step.

    `step`: the step after which it counts; None: the step from which the next attempt starts. `value`: the rate, or
    the epochs that are added (below 0: taken away).
    """

    model_config = ConfigDict(extra="ignore")
    step: int | None
    action: Literal["set_learning_rate", "extend"]
    value: float
    by: str = ""


def steps_in(epochs: float, per_epoch: int) -> int:
    """Return how many steps `epochs` are; a part of a step is a step, a thousandth (rounding) is none."""
    return max(1, -(-int(epochs * per_epoch * 1000) // 1000))


@dataclass(frozen=True)
class Length:
    """How long a run was planned to be: `epochs`, or `max_steps` where that was given."""

    epochs: float
    max_steps: int | None = None

    def total_epochs(self, changes: Iterable[Steered], per_epoch: int) -> float:
        """Return the epochs with the changes; `per_epoch` steps are one."""
        base = self.max_steps / per_epoch if self.max_steps else self.epochs
        return base + sum(change.value for change in changes if change.action == "extend")

    def total_steps(self, changes: Iterable[Steered], per_epoch: int) -> int:
        """Return the steps with the changes."""
        return steps_in(self.total_epochs(changes, per_epoch), per_epoch)

    def options(self, changes: Iterable[Steered], per_epoch: int) -> dict[str, float | int]:
        """Return the options that would have asked for this length."""
        if self.max_steps:
            return {"max_steps": self.total_steps(changes, per_epoch)}
        return {"epochs": round(self.total_epochs(changes, per_epoch), 6)}
