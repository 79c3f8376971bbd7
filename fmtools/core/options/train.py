"""Options of `train`, second half: what a run may cost, where it happens, and the whole."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from ..errors import OptionError
from ..modules import is_module
from ..quantities import size_bytes, time_seconds
from .base import Hint, option
from .learning import ADVANCED, CHOICE, Learning


class _Cost(Learning):
    """What a run may cost, and finding out before it does."""

    dry_run: bool = option(False, "say what the run will cost (time, memory, disk), and train nothing")
    fit: str | None = option(
        None, "memory the training may take, such as 2GB: settings are chosen to fit", hint=Hint(group="advanced")
    )
    time: str | None = option(
        None, "time the training may take, such as 10m: settings are chosen to fit", hint=Hint(group="advanced")
    )
    find_lr: bool = option(False, "try learning rates on a throw-away copy and show the picture; trains nothing")
    auto_batch: bool = option(
        False, "measure which --batch-size is fastest within the memory, and use it", hint=ADVANCED
    )
    gradient_checkpointing: bool = option(
        False, "compute activations again instead of keeping them: less memory, a third more time", hint=ADVANCED
    )
    compile: Literal["auto", "on", "off"] = option(
        "auto", "torch.compile; auto = when its cost pays back within the run", hint=CHOICE
    )
    memory_limit: str | None = option(
        None, "the worker dies, with advice, rather than take more memory than this, such as 4GB", hint=ADVANCED
    )

    @field_validator("fit", "memory_limit", check_fields=False)
    @classmethod
    def _a_size(cls, value: str | None) -> str | None:
        if value is not None:
            size_bytes(value)
        return value

    @field_validator("time")
    @classmethod
    def _a_time(cls, value: str | None) -> str | None:
        if value is not None:
            time_seconds(value)
        return value


class _Where(_Cost):
    """Which processes on which machines, and who else hears of it."""

    processes: int = option(
        1, "processes that train together, each with a part of every batch", ge=1, le=64, hint=ADVANCED
    )
    on: str = option("", "ray: train on a Ray cluster started here; ray://HOST:PORT: on one that exists", hint=ADVANCED)
    follow: list[str] = option(
        [],
        "who else is told of the curves: tensorboard, mlflow, trackio (several allowed)",
        hint=Hint(group="advanced", complete="followers"),
    )
    from_: str | None = option(
        None,
        "repeat this run: its options, seed and data, where the line says nothing else",
        hint=Hint(group="advanced", complete="runs"),
    )
    teacher: str | None = option(
        None,
        "learn from this run's answers too, as %fm_distill and %fm_prune do",
        hint=Hint(group="advanced", complete="runs", tasks=("text-classification", "token-classification")),
    )
    temperature: float = option(
        2.0,
        "how soft the answers of --teacher are",
        ge=0.5,
        le=20,
        hint=Hint(group="advanced", tasks=("text-classification", "token-classification")),
    )


class TrainOptions(_Where):
    """Fine-tune a pretrained model on data, or train one from scratch, in a worker process, with live curves and attention."""

    verb: ClassVar[str] = "train"
    summary: ClassVar[str] = "Fine-tune a pretrained model on your data and watch it learn."
    example: ClassVar[str] = "%fm_train text-classification --model minilm --data intents --epochs 3"

    max_length: int = option(
        128,
        "longer texts are cut; language models: the length of a block",
        ge=4,
        le=8192,
        hint=Hint(unit="tokens", search=(32, 64, 128, 256)),
    )
    max_target_length: int = option(
        128,
        "longer targets are cut",
        ge=4,
        le=8192,
        hint=Hint(unit="tokens", group="advanced", tasks=("translation", "summarization")),
    )
    packing: bool = option(
        True,
        "fill blocks with one text after the other, so that nothing is padding",
        hint=Hint(group="advanced", tasks=("text-generation",)),
    )
    beta: float = option(
        0.1,
        "DPO: how strongly the model is held to where it came from",
        gt=0,
        le=10,
        hint=Hint(group="advanced", log=True, search=(0.01, 1.0), searched=True, tasks=("preference-tuning",)),
    )
    pooling: Literal["auto", "mean", "cls"] = option(
        "auto",
        "how token vectors become one: as the encoder was trained to, their mean, or the first token's",
        hint=Hint(group="advanced", complete="choices", search=("mean", "cls")),
    )
    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto", "number format of the matrix products; auto = bf16 where the processor computes it", hint=CHOICE
    )
    seed: int = option(42, "same seed, data and options on the same machine = same weights", ge=0, le=2**32 - 1)
    save_minutes: float = option(
        5.0,
        "a checkpoint at least this often, and after each epoch",
        gt=0,
        le=1440,
        hint=Hint(unit="min", group="advanced"),
    )
    name: str | None = option(None, "a name for the run", min_length=1, max_length=80)
    background: bool = option(False, "return at once; the run goes on beside the kernel")
    inline: bool = option(False, "run inside the kernel instead of a worker process (for debugging)", hint=ADVANCED)

    @field_validator("model")
    @classmethod
    def _name_or_module(cls, value: Any) -> Any:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, str) or is_module(value):
            return value
        raise ValueError("it should be a name, a folder, or an nn.Module (or its class)")

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Any:
        """Build the options; data are needed, typed or by --from. Raises OptionError."""
        options = super().parse(values)
        if options.data is None and options.from_ is None:
            raise OptionError(f"{cls.verb} needs data.", f"For example: {cls.example}")
        return options

    def with_defaults(self, defaults: dict[str, Any]) -> TrainOptions:
        """Return these options with a task's own defaults where the user said nothing."""
        free = {name: value for name, value in defaults.items() if name not in self.model_fields_set}
        filled = self.model_copy(update=free)
        filled.asked_as(self.command)
        return filled
