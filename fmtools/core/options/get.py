"""Options of `get`: fetch models and sets."""

from __future__ import annotations

from typing import ClassVar

from .base import Hint, Options, option


class GetOptions(Options):
    """Fetch models and sets of the catalogue; nothing else ever does."""

    verb: ClassVar[str] = "get"
    summary: ClassVar[str] = "Fetch models and built-in sets (checked by sha256); list them when none is named."
    example: ClassVar[str] = "%fm_get e5-small people-daily"

    names: list[str] = option(
        [], "models and sets; what is here is not fetched again", hint=Hint(positional=True, complete="assets")
    )
    again: bool = option(False, "fetch them anew also when they are here")
