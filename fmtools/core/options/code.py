"""Options of `code`: a run as a script."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, Options, option
from .verbs import RUN, RUN_HELP


class CodeOptions(Options):
    """Show a run as a plain Python script that needs no fmtools."""

    verb: ClassVar[str] = "code"
    summary: ClassVar[str] = "Show a run as a plain Python script that needs transformers and torch, but no fmtools."
    example: ClassVar[str] = "%fm_code last --save train.py"

    run: str = option("last", RUN_HELP, hint=RUN)
    save: str | None = option(
        None,
        "write it: a file ending in .py, or a folder that also gets the rows (JSONL) and what else the script reads",
        hint=Hint(complete="path"),
    )
