"""Options of `export`: a trained run as files for somebody else's runtime."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, option
from .secret import Encrypts
from .verbs import ADVANCED, RUN, RUN_HELP


class ExportOptions(Encrypts):
    """Write a trained run in a standard format, after it was compared with the original on real rows."""

    verb: ClassVar[str] = "export"
    summary: ClassVar[str] = "Write a run as ONNX, safetensors ...; its answers are compared with the original's."
    example: ClassVar[str] = "%fm_export last --to onnx"

    run: str = option("last", RUN_HELP + "; with --to bundle also RUN/NAME for an ONNX artefact that it has", hint=RUN)
    to: str = option("onnx", "the format", hint=Hint(complete="exporters"))
    name: str | None = option(
        None,
        "what the artefact is called; the format's name when not given",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    rows: int | None = option(
        None,
        "how many of the run's own test rows it is compared on; 256, or 16 where texts are written, when not given",
        ge=1,
        le=1_000_000,
        hint=Hint(unit="rows"),
    )
    max_diff: float | None = option(
        None,
        "the largest difference of an output that is accepted; the format's own when not given",
        gt=0,
        hint=ADVANCED,
    )
    save: str | None = option(None, "copy it to this folder too", hint=Hint(complete="path"))
