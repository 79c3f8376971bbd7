"""Options of `export`: a trained run as files for somebody else's runtime."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, Options, option
from .verbs import ADVANCED, RUN, RUN_HELP


class ExportOptions(Options):
    """Write a trained run in a standard format, after it was compared with the original on real rows."""

    verb: ClassVar[str] = "export"
    summary: ClassVar[str] = (
        "Write a trained run as ONNX, safetensors ...; it is compared with the original on your own rows first."
    )
    example: ClassVar[str] = "%fm_export last --to onnx"

    run: str = option("last", RUN_HELP, hint=RUN)
    to: str = option("onnx", "the format", hint=Hint(complete="exporters"))
    name: str | None = option(
        None,
        "what the artefact is called; the format's name when not given",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    rows: int = option(
        256, "how many of the run's own test rows it is compared on", ge=1, le=1_000_000, hint=Hint(unit="rows")
    )
    max_diff: float | None = option(
        None,
        "the largest difference of an output that is accepted; the format's own when not given",
        gt=0,
        hint=ADVANCED,
    )
    save: str | None = option(None, "copy it to this folder too", hint=Hint(complete="path"))
