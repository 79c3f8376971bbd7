"""Options of `optimize`: the best way to make a run smaller, found by trying them."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from .base import Hint, Options, option
from .quantize import as_points
from .verbs import RUN, RUN_HELP


def milliseconds(text: str) -> float:
    """Return the milliseconds of 5ms, 0.02s or 5. Raises ValueError for anything else."""
    said = text.strip().lower()
    number, factor = (
        (said[:-2], 1.0) if said.endswith("ms") else (said[:-1], 1000.0) if said.endswith("s") else (said, 1.0)
    )
    try:
        found = float(number) * factor
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise ValueError("it should be a time such as 5ms")
    return found


class OptimizeOptions(Options):
    """Try every method on a run, and keep the fastest that stays within the limits."""

    verb: ClassVar[str] = "optimize"
    summary: ClassVar[str] = "Try every way to make a run smaller; keep the fastest within your limits."
    example: ClassVar[str] = "%fm_optimize last --latency 5ms --max-loss 1pt"

    run: str = option("last", RUN_HELP, hint=RUN)
    latency: str | None = option(None, "what one row may take, such as 5ms, on one thread of this machine")
    max_loss: str = option("1pt", "what the main metric may lose, in points (hundredths of a score)")
    methods: list[str] = option([], "the methods to try; all when not given", hint=Hint(complete="optimizers"))
    rows: int = option(
        256, "how many of the run's own test rows all are compared on", ge=8, le=1_000_000, hint=Hint(unit="rows")
    )

    _points = field_validator("max_loss", mode="before")(as_points)

    @field_validator("latency", mode="before")
    @classmethod
    def _as_time(cls, value: Any) -> Any:
        text = f"{value:g}ms" if isinstance(value, int | float) and not isinstance(value, bool) else value
        if isinstance(text, str):
            milliseconds(text)
        return text

    @field_validator("methods", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return [word.strip() for part in parts for word in str(part).split(",")] if isinstance(parts, list) else value
