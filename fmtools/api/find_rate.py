"""Which learning rate suits a training: the result of `--find-lr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..core.options import TrainOptions
from ..runtime import find_rate as runtime
from .results import Shown


@dataclass(repr=False)
class RateTest(Shown):
    """A learning-rate range test: `losses` after one step each with ever higher `rates`, on a copy that is gone.

    suggestion: the rate to train with; None when no rate made the loss fall. steepest, least: where the loss fell fastest,
    where it was lowest. options: the suggestion as it is typed, every part of the model at its ratio.
    """

    suggestion: float | None
    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    steepest: float | None
    least: float | None
    options: dict[str, float]
    flags: dict[str, float]
    diverged: bool
    notices: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The options as they are typed; "" without a suggestion."""
        return " ".join(f"{flag} {rate:g}" for flag, rate in self.options.items())

    @cached_property
    def png(self) -> bytes:
        """The picture: the loss against the rate, the suggestion marked."""
        from ..views.rate_test import png

        return png(self.rates, self.losses, self.smoothed, self.marks, next(iter(self.flags), ""))

    @property
    def marks(self) -> dict[str, float]:
        """Rates that the picture marks, by their words."""
        found = {"suggestion": self.suggestion, "steepest fall": self.steepest, "lowest loss": self.least}
        return {word: rate for word, rate in found.items() if rate is not None}

    def to_json(self) -> dict[str, Any]:
        kept = ("suggestion", "rates", "losses", "steepest", "least", "options", "diverged")
        return {name: getattr(self, name) for name in kept}

    def text(self) -> str:
        from ..views.rate_test import text

        return text(self.line, self.marks, self.flags, self.notices)

    def html(self) -> str:
        from ..views.rate_test import html

        return html(self.line, self.marks, self.flags, self.notices, self.png)

    def _repr_png_(self) -> bytes:
        return self.png


def of(options: TrainOptions) -> RateTest:
    """Test the learning rates of a training; nothing is kept but the prepared data."""
    found = runtime.find_rate(options)
    read = found.suggestion
    typed = (
        {} if read.rate is None else {flag: min(1.0, _round(read.rate * ratio)) for flag, ratio in found.flags.items()}
    )
    return RateTest(
        suggestion=next(iter(typed.values()), None),
        rates=found.rates,
        losses=found.losses,
        smoothed=read.smoothed,
        steepest=read.steepest,
        least=read.least,
        options=typed,
        flags=found.flags,
        diverged=found.diverged,
        notices=found.notices,
    )


def _round(rate: float) -> float:
    """Return a rate with two digits: more would be noise."""
    return float(f"{rate:.1e}")
