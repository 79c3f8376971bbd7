"""What a training will cost, said beforehand: the result of a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core import wire
from ..core.options import TrainOptions
from ..runtime import forecast as runtime
from .results import Shown


@dataclass(repr=False)
class Forecast(Shown):
    """What a run will cost: seconds from its worker's first event to its last, most resident memory and disk in bytes.

    parts: seconds of each kind of work. processor_seconds: of processor, all cores together. fits: whether this machine
    has that much free. advice: what would be cheaper, with what it would cost.
    """

    seconds: float
    processor_seconds: float
    peak_bytes: int
    disk_bytes: int
    free_bytes: int
    free_disk_bytes: int
    fits: bool
    steps: int
    batch_size: int
    basis: str
    advice: list[str] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    @property
    def wire(self) -> wire.Forecast:
        """The same as a card's header shows it."""
        known = {name: getattr(self, name) for name in wire.Forecast.model_fields}
        return wire.Forecast(**known)

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))

    def text(self) -> str:
        from ..views.forecast import text

        return text(self.wire, self.parts, self.notices)

    def html(self) -> str:
        from ..views.forecast import html

        return html(self.wire, self.parts, self.notices)


def of(options: TrainOptions, fresh: bool = False, said: Sequence[str] = ()) -> Forecast:
    """Return the forecast of a training; `fresh` measures anew what is known already, `said` stands before its notices."""
    found = runtime.forecast(options, fresh)
    estimate = found.estimate
    return Forecast(
        seconds=estimate.seconds,
        processor_seconds=estimate.processor,
        peak_bytes=estimate.peak_bytes,
        disk_bytes=estimate.disk_bytes,
        free_bytes=found.free_bytes,
        free_disk_bytes=found.free_disk_bytes,
        fits=found.fits,
        steps=estimate.steps,
        batch_size=found.options.batch_size * found.options.gradient_accumulation,
        basis=runtime.basis(found),
        advice=runtime.advice(found),
        parts=estimate.parts,
        notices=[*said, *found.notices],
    )
