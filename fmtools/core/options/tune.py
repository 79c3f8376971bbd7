"""Options of `tune`: those of `train`, which every trial is told, and how to search."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from ..errors import OptionError
from .base import Hint, option
from .learning import ADVANCED, CHOICE
from .space import read_space, written_space
from .train import TrainOptions

#: Options of `tune` that no trial is told.
OWN = (
    "trials",
    "time",
    "jobs",
    "space",
    "goals",
    "sampler",
    "pruner",
    "weights",
    "panel",
    "resume",
    "on",
    "name",
    "background",
)


class TuneOptions(TrainOptions):
    """Search the hyper-parameters of a training: many short runs, the bad ones cut short, the best one's line to copy."""

    verb: ClassVar[str] = "tune"
    summary: ClassVar[str] = "Search hyper-parameters: trials are runs, bad ones end early, the best one is shown."
    example: ClassVar[str] = "%fm_tune text-classification --model minilm --data intents --epochs 1 --trials 20"

    #: What makes no sense for many runs.
    inline: ClassVar[bool] = False  # type: ignore[misc]
    dry_run: ClassVar[bool] = False  # type: ignore[misc]
    fit: ClassVar[str | None] = None  # type: ignore[misc]
    find_lr: ClassVar[bool] = False  # type: ignore[misc]
    auto_batch: ClassVar[bool] = False  # type: ignore[misc]
    from_: ClassVar[str | None] = None  # type: ignore[misc]

    data: Any = option(
        None,
        "a file, a registered name, or a notebook variable with a table; needed unless --resume names a search",
        hint=Hint(complete="data", live=True, needed=True),
    )
    trials: int = option(20, "trials in all, those before a --resume included", ge=1, le=10_000)
    time: str | None = option(None, "time the search may take, such as 30m: no trial begins after it")
    jobs: int = option(1, "trials that run at the same time, each with its share of the processor's cores", ge=1, le=64)
    space: list[str] = option(
        [],
        "where to look: learning_rate=1e-5..1e-3:log, batch_size=8|16|32, or an option's name alone (several allowed)",
        hint=Hint(complete="space"),
    )
    goals: list[str] = option(
        [],
        "the metric of the validation rows to improve; a second one, such as seconds, makes a front of best trials",
        hint=Hint(complete="goals"),
    )
    sampler: Literal["tpe", "random", "grid", "cmaes", "nsgaii"] = option(
        "tpe", "how the next trial is chosen", hint=CHOICE
    )
    pruner: Literal["median", "hyperband", "none"] = option(
        "median", "how a trial that will not become good is told", hint=CHOICE
    )
    weights: Literal["best", "all"] = option(
        "best", "which trials keep their weights on the disk; logs and results of all are kept", hint=CHOICE
    )
    panel: bool = option(False, "narrow the space with sliders before the search begins")
    resume: str | None = option(None, "go on with this search: its id, name, or `last`")
    on: str = option(
        "",
        "ray: trials run on a Ray cluster started here; ray://HOST:PORT: on one that exists",
        hint=ADVANCED,
    )
    name: str | None = option(None, "a name for the search", min_length=1, max_length=60, hint=ADVANCED)
    background: bool = option(False, "return at once; the search goes on beside the kernel")

    @field_validator("space", mode="before")
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [value]
        return written_space(value) if isinstance(value, dict | list | tuple) else value

    @field_validator("space")
    @classmethod
    def _readable(cls, value: list[str]) -> list[str]:
        read_space(value)
        return value

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Any:
        """Build the options; a search needs data unless it is one that goes on. Raises OptionError."""
        options = super(TrainOptions, cls).parse(values)  # a training's own need of data is not ours
        if options.data is None and not options.resume:
            raise OptionError("tune needs data.", f"For example: {cls.example}")
        return options

    def told(self) -> dict[str, Any]:
        """Return what the user said of the training: every trial is told it, the data apart."""
        given = self.model_fields_set & (TrainOptions.model_fields.keys() - {*OWN, "data"})
        return {name: getattr(self, name) for name in TrainOptions.model_fields if name in given}


def _own_first(cls: type[TuneOptions]) -> None:
    """Put what is searched and how before the many options of a training, in help and completion."""
    fields = cls.__pydantic_fields__
    for name in [name for name in fields if name not in ("task", "model", "data", *OWN)]:
        fields[name] = fields.pop(name)


_own_first(TuneOptions)
