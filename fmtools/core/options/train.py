"""Options of `train`: everything a training run can be told."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from .base import Hint, ReadsData, option

ADVANCED = Hint(group="advanced")


class TrainOptions(ReadsData):
    """Fine-tune a pretrained model on data, in a worker process, with live curves and attention."""

    verb: ClassVar[str] = "train"
    summary: ClassVar[str] = "Fine-tune a pretrained model on your data and watch it learn."
    example: ClassVar[str] = "%fm_train text-classification --model minilm --data intents --epochs 3"

    task: str = option(
        "text-classification", "what the model shall learn to do", hint=Hint(positional=True, complete="tasks")
    )
    model: str = option("minilm", "a catalogue name, a folder, or a hub name", hint=Hint(complete="models"))
    data: Any = option(
        ..., "a file, a registered name, or a notebook variable with a table", hint=Hint(complete="data", live=True)
    )
    text_column: str | None = option(None, "the column with the text; guessed when not given")
    label_column: str | None = option(None, "the column with the label; guessed when not given")
    labels_as_they_are: bool = option(False, "take labels as they stand, also when some look misspelt", hint=ADVANCED)
    validation: float = option(
        0.1, "share of the rows kept for validation when the data have no such split", ge=0.01, le=0.5, hint=ADVANCED
    )
    epochs: float = option(3.0, "passes over the training rows", gt=0, le=1000)
    batch_size: int = option(16, "rows in one step", ge=1, le=4096, hint=Hint(unit="rows", log=True))
    learning_rate: float = option(1e-4, "peak rate of the pretrained part", gt=0, le=1, hint=Hint(log=True))
    head_learning_rate: float = option(
        1e-2, "peak rate of the new head", gt=0, le=1, hint=Hint(log=True, group="advanced")
    )
    weight_decay: float = option(0.01, "AdamW's weight decay", ge=0, le=1, hint=ADVANCED)
    warmup: float = option(0.1, "share of the steps in which the rate rises to its peak", ge=0, le=0.9, hint=ADVANCED)
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = option(
        "linear", "how the rate falls after its peak", hint=Hint(group="advanced", complete="choices")
    )
    max_grad_norm: float = option(1.0, "gradients longer than this are scaled down to it", gt=0, le=1e6, hint=ADVANCED)
    max_length: int = option(128, "longer texts are cut", ge=4, le=8192, hint=Hint(unit="tokens"))
    pooling: Literal["auto", "mean", "cls"] = option(
        "auto",
        "how token vectors become one: as the encoder was trained to, their mean, or the first token's",
        hint=Hint(group="advanced", complete="choices"),
    )
    precision: Literal["auto", "fp32", "bf16"] = option(
        "auto", "number format of the matrix products; auto = bf16 where the processor computes it", hint=ADVANCED
    )
    seed: int = option(42, "same seed, data and options on the same machine = same weights", ge=0, le=2**32 - 1)
    watch: list[str] = option([], "sentences whose attention is recorded while training (several allowed)")
    watch_every: int = option(10, "steps between two attention snapshots; 0 = never", ge=0, hint=ADVANCED)
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
