"""Options of `quantize`: a trained run with smaller numbers."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import field_validator

from .base import Hint, Options, option
from .verbs import ADVANCED, RUN, RUN_HELP

_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*(pt|points?|%)?", re.I)


def points(text: str) -> float:
    """Return the points of 0.5pt, 0.5 or 0.5%. Raises ValueError for anything else."""
    found = _POINTS.fullmatch(text.strip())
    if found is None:
        raise ValueError("it should be points of the main metric, such as 0.5pt")
    return float(found[1])


def as_points(value: Any) -> Any:
    """Return points as typed (0.5 as well as 0.5pt); a validator of options."""
    text = f"{value:g}pt" if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str):
        points(text)
    return text


class QuantizeOptions(Options):
    """Make a trained run smaller and faster, and show what it lost on real rows."""

    verb: ClassVar[str] = "quantize"
    summary: ClassVar[str] = "Make a trained run smaller and faster (8, 4 or 16 bit); its loss is measured."
    example: ClassVar[str] = "%fm_quantize last --method int8-dynamic --max-loss 0.5pt"

    run: str = option("last", RUN_HELP, hint=RUN)
    method: str = option("int8-dynamic", "how the numbers become smaller", hint=Hint(complete="optimizers"))
    # One point: with 512 rows chance alone moves a score by some tenths; what is lost beyond a point, people notice.
    max_loss: str = option("1pt", "what the main metric may lose, in points (hundredths of a score); more is refused")
    rows: int = option(
        512, "how many of the run's own test rows both are compared on", ge=8, le=1_000_000, hint=Hint(unit="rows")
    )
    spare: list[str] = option(
        [], "layers that keep their precision, as the result names them; auto = those that lose most, until it fits"
    )
    name: str | None = option(
        None,
        "what the artefact is called; onnx-METHOD when not given",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    calibration: int = option(
        128,
        "training rows that ranges of activations are learned from",
        ge=8,
        le=10_000,
        hint=Hint(unit="rows", group="advanced"),
    )
    fuse: bool = option(True, "let many small operations become few that the runtime has", hint=ADVANCED)

    _points = field_validator("max_loss", mode="before")(as_points)

    @field_validator("spare", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return [word.strip() for part in parts for word in str(part).split(",")] if isinstance(parts, list) else value
