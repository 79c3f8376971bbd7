"""Options of `data`: look at data, keep them under a name and version, and apply a recipe of steps."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from ..errors import OptionError
from .base import Hint, ReadsData, option
from .steps import STEPS, parse_step

ADVANCED = Hint(group="advanced")


class DataOptions(ReadsData):
    """Look at data before training on them."""

    verb: ClassVar[str] = "data"
    summary: ClassVar[str] = "Look at data, keep them under a name and version, clean, split and augment them."
    example: ClassVar[str] = '%fm_data reviews.csv --name shop --step normalize --step "split test=0.1"'

    data: Any = option(
        None,
        "a file, a stored name (NAME, NAME@v2), a built-in name, or a notebook variable; nothing lists what is stored",
        hint=Hint(positional=True, complete="data", live=True),
    )
    name: str | None = option(None, "keep the data under this name", min_length=1, max_length=60)
    steps: list[str] = option(
        [], f"steps of a recipe, in order (--step): {', '.join(STEPS)}", hint=Hint(complete="steps")
    )
    recipe: str | None = option(None, "apply the recipe of stored data, such as shop@v2", hint=Hint(complete="data"))
    preview: bool = option(False, "show rows before and after each step, and keep nothing")
    diff: str | None = option(None, "show what changed since this version", hint=Hint(complete="data"))
    key: str | None = option(None, "the column by which --diff matches rows", hint=ADVANCED)
    rows: int = option(5, "example rows to show", ge=0, le=1000)
    seed: int = option(42, "same data, recipe and seed = same rows", ge=0, le=2**32 - 1, hint=ADVANCED)

    @field_validator("steps", mode="before")
    @classmethod
    def _read_steps(cls, value: Any) -> Any:
        """Take lines, mappings and steps; keep them as lines, so that a command can be written down."""
        if value is None:
            return []
        given = [value] if isinstance(value, str | dict) else list(value)
        return [parse_step(one).line() for one in given]

    def check(self) -> None:
        """Raise OptionError for options that do not go together."""
        asked = [name for name in ("name", "recipe", "diff") if getattr(self, name)]
        asked += ["step"] if self.steps else []
        if self.data is None and asked:
            raise OptionError(f"--{asked[0]} needs data.", f"For example: {self.example}")
        if self.diff and (self.steps or self.recipe):
            raise OptionError("--diff compares what is stored; it takes no steps.", "Apply the steps first.")
