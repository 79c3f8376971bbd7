"""What to say of a forecast: whether it fits, what would be cheaper, and how the figures were got. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import choices as cost_choices
from .choices import Choice
from .model import Estimate, Facts

if TYPE_CHECKING:
    from ...core.options import TrainOptions

#: Share of the free memory that a run may plan to take: the forecast errs, and others grow, too.
ROOM = 0.9
#: Seconds that torch.compile took before its first fast step, with lengths that change (BERT, 2 cores); the gain that is
#: hoped for. `--compile auto` stays off: it was not measured to pay back here.
COMPILING, WORTH = 150.0, 0.1
#: Pieces of advice at most; those that come first change the result least.
MOST = 4


@dataclass(frozen=True)
class Forecast:
    """An estimate beside what is free for it (bytes), and the facts it was made from."""

    estimate: Estimate
    facts: Facts
    options: TrainOptions
    free_bytes: int
    free_disk_bytes: int
    notices: tuple[str, ...] = ()

    @property
    def fits_memory(self) -> bool:
        """Whether the memory is free, with a tenth to spare."""
        return self.estimate.peak_bytes <= ROOM * self.free_bytes

    @property
    def fits_disk(self) -> bool:
        return self.estimate.disk_bytes <= self.free_disk_bytes

    @property
    def fits(self) -> bool:
        return self.fits_memory and self.fits_disk


def gigabytes(size: float) -> str:
    """Return a size as a sentence has it: 1.1 GB, 640 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def time_words(seconds: float) -> str:
    """Return a time as a sentence has it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def basis(found: Forecast) -> str:
    """Say how the figures were got."""
    facts = found.facts
    gain = COMPILING / max(1.0, found.estimate.parts.get("training", 0.0))
    compiled = (
        f" torch.compile would pay back where it makes a step {100 * gain:.0f} % faster; --compile on tries it."
        if gain < WORTH and found.options.compile == "auto"
        else ""
    )
    return (
        f"Measured here on {facts.steps_timed} steps of this model and these data ({facts.precision}, {facts.device}), "
        f"then counted over all {found.estimate.steps:,} steps with the lengths of their rows.{compiled}"
    )


def advice(found: Forecast) -> list[str]:
    """Return what to change, with the figure each would give; nothing when the run fits."""
    said = [] if found.fits_memory else _of_memory(found)
    if not found.fits_disk:
        said.append(
            f"It needs {gigabytes(found.estimate.disk_bytes)} of disk and {gigabytes(found.free_disk_bytes)} are free: "
            "free some, or point FMTOOLS_HOME at another disk."
        )
    return said


def _of_memory(found: Forecast) -> list[str]:
    facts, options, limit = found.facts, found.options, ROOM * found.free_bytes
    needs = f"It needs {gigabytes(found.estimate.peak_bytes)} of memory and {gigabytes(found.free_bytes)} are free."
    choices = [*cost_choices.cheaper_memory(facts, options), *cost_choices.adapter(facts, options)]
    helpful = [choice for choice in choices if choice.estimate.peak_bytes < 0.95 * found.estimate.peak_bytes]
    fitting = [choice for choice in helpful if choice.estimate.peak_bytes <= limit]
    return [needs, *(worded(choice) for choice in (fitting or helpful[-1:])[:MOST])]


def worded(choice: Choice) -> str:
    """Say a choice with its figures."""
    about = "" if choice.sure else "about "
    time = f", {time_words(choice.estimate.seconds)}" if choice.estimate.seconds >= 1 else ""
    return f"{choice.typed}: {about}{gigabytes(choice.estimate.peak_bytes)}{time} ({choice.why})."


def least(seen: list[Choice], of: str) -> tuple[Choice | None, float]:
    """Return the cheapest choice that was looked at, and its bytes or seconds."""

    def cost(choice: Choice) -> float:
        return choice.estimate.peak_bytes if of == "memory" else choice.estimate.seconds

    best = min(seen, key=cost, default=None)
    return best, cost(best) if best else 0.0
