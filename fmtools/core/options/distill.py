"""Options of `distill` and `prune`: a smaller model that a trained run teaches."""

from __future__ import annotations

from typing import ClassVar, Literal

from .base import Hint, Options, option
from .verbs import ADVANCED, RUN, RUN_HELP


class _Student(Options):
    """What a student's training takes; it is a run like any other."""

    run: str = option("last", RUN_HELP, hint=RUN)
    epochs: float = option(3.0, "passes over the run's training rows", gt=0, le=1000)
    max_steps: int | None = option(None, "end after so many steps, whatever --epochs says", ge=1, hint=ADVANCED)
    learning_rate: float | None = option(
        None, "AdamW's rate; that of the run when not given", gt=0, le=1, hint=Hint(log=True)
    )
    temperature: float = option(2.0, "how soft the teacher's answers are", ge=0.5, le=20, hint=ADVANCED)
    name: str | None = option(None, "a name for the new run", min_length=1, max_length=80)
    background: bool = option(False, "return at once; the run goes on beside the kernel")


class DistillOptions(_Student):
    """Train a smaller model on the answers of a trained one: fewer layers, and only the words that the data use."""

    verb: ClassVar[str] = "distill"
    summary: ClassVar[str] = "Teach a smaller model (fewer layers, fewer words) what a trained run knows."
    example: ClassVar[str] = "%fm_distill last --layers 3"

    layers: int | None = option(
        None, "layers of the student, copied from the teacher; half of them when not given", ge=1, le=200
    )
    vocabulary: Literal["used", "all"] = option(
        "used",
        "keep the pieces of words that the training rows use, and single characters; or all of them",
        hint=Hint(complete="choices"),
    )


class PruneOptions(_Student):
    """Take the weakest neurons, or single weights, out of a trained run's layers, and let the run itself teach the rest."""

    verb: ClassVar[str] = "prune"
    summary: ClassVar[str] = "Take the weakest neurons or weights out of a trained run, then train it to recover."
    example: ClassVar[str] = "%fm_prune last --amount 0.5"

    amount: float = option(0.5, "share of the neurons, or of the weights, that go", gt=0, lt=1)
    method: Literal["neurons", "magnitude"] = option(
        "neurons",
        "whole neurons between the two products of each layer, which makes the model smaller and faster; or the smallest"
        " single weights of all layers, which become 0",
        hint=Hint(complete="choices"),
    )
    vocabulary: Literal["used", "all"] = option(
        "all", "keep all pieces of words, or those that the training rows use", hint=Hint(complete="choices")
    )
