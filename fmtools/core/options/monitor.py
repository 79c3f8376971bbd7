"""Options of `monitor`: what a model server has seen, beside what its model was made for."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, Options, option

ADVANCED = Hint(group="advanced")


class MonitorOptions(Options):
    """Show what a server has answered and how fast, and whether its texts and predictions have drifted."""

    verb: ClassVar[str] = "monitor"
    summary: ClassVar[str] = "Watch a model server: requests, latency, errors, drift of its texts and predictions."
    example: ClassVar[str] = "%fm_monitor last"

    name: str = option(
        "last",
        "the server: its name, its id, the beginning of it, or `last`",
        hint=Hint(positional=True, complete="services"),
    )
    hours: float = option(
        24.0, "how far back to look; 0 = all that was kept", ge=0, le=24 * 366, hint=Hint(unit="hours")
    )
    least: int = option(
        100, "texts below which drift is not judged", ge=20, le=1_000_000, hint=Hint(group="advanced", unit="texts")
    )
    psi: float = option(
        0.2, "the population stability index from which on drift is an alarm", gt=0, le=10, hint=ADVANCED
    )
    errors: float = option(
        1.0,
        "the share of failed requests from which on errors are an alarm",
        gt=0,
        le=100,
        hint=Hint(group="advanced", unit="%"),
    )
