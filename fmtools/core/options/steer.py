"""Options of `steer`: what a run at work can be asked for."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, Options, option
from .verbs import RUN, RUN_HELP


class SteerOptions(Options):
    """Steer a run while it trains: it obeys at the end of its step, also in a pause."""

    verb: ClassVar[str] = "steer"
    summary: ClassVar[str] = "Evaluate now, save now, train longer, or change the learning rate of a run at work."
    example: ClassVar[str] = "%fm_steer last --evaluate --extend 2"

    run: str = option("last", RUN_HELP, hint=RUN)
    learning_rate: float | None = option(None, "the rate from the next step on", gt=0, le=10, hint=Hint(log=True))
    extend: float | None = option(
        None, "epochs to add; the learning rate falls over the new length", gt=0, le=1000, hint=Hint(unit="epochs")
    )
    evaluate: bool = option(False, "score the validation rows now; the training is not changed by it")
    save: bool = option(False, "save a checkpoint now")
    wait: float = option(
        10.0, "at most so long until the run has obeyed; 0 = do not wait", ge=0, le=3600, hint=Hint(unit="s")
    )
