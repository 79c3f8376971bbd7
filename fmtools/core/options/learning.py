"""Options of `train`, first half: who learns what from where and how. An idea a class; each extends the one before, so that
help and completion list them in this order."""

from __future__ import annotations

from typing import Any, Literal

from .base import Hint, ReadsData, option

ADVANCED = Hint(group="advanced")
CHOICE = Hint(group="advanced", complete="choices")
WRITERS = ("text-generation", "translation", "summarization", "preference-tuning")
PLAIN = ("text-classification", "token-classification")
HEADED = (*PLAIN, "question-answering", "custom")


class _What(ReadsData):
    """Who learns what from where."""

    task: str = option(
        "text-classification", "what the model shall learn to do", hint=Hint(positional=True, complete="tasks")
    )
    model: Any = option(
        "minilm",
        "a catalogue name, a folder, a hub name, or a notebook variable with an nn.Module of yours",
        hint=Hint(complete="models", live=True),
    )
    data: Any = option(
        None,
        "a file, a registered name, or a notebook variable with a table; needed unless --from names a run",
        hint=Hint(complete="data", live=True, needed=True),
    )


class _Columns(_What):
    """Which columns hold what."""

    text_column: str | None = option(
        None, "the column with the text (source, context, prompt, first sentence); guessed when not given"
    )
    pair_column: str | None = option(
        None, "the column with the second text (question, second sentence, rejected answer)", hint=ADVANCED
    )
    label_column: str | None = option(
        None, "the column with what is to be learned (label, tags, target, answer); guessed when not given"
    )
    labels_as_they_are: bool = option(False, "take labels as they stand, also when some look misspelt", hint=ADVANCED)
    multi_label: bool | None = option(
        None,
        "several labels a text; told by lists, or by | or ; between labels, when not given",
        hint=Hint(group="advanced", tasks=("text-classification",)),
    )
    validation: float = option(
        0.1, "share of the rows kept for validation when the data have no such split", ge=0.01, le=0.5, hint=ADVANCED
    )


class _Learning(_Columns):
    """How the weights change."""

    epochs: float = option(3.0, "passes over the training rows", gt=0, le=1000, hint=Hint(search=(1, 10)))
    max_steps: int | None = option(None, "end after so many steps, whatever --epochs says", ge=1, hint=ADVANCED)
    batch_size: int = option(
        16,
        "rows in one step, all processes together",
        ge=1,
        le=4096,
        hint=Hint(unit="rows", log=True, search=(8, 16, 32, 64), searched=True),
    )
    gradient_accumulation: int = option(
        1,
        "batches whose gradients make one step",
        ge=1,
        le=1024,
        hint=Hint(unit="batches", group="advanced", search=(1, 2, 4)),
    )
    learning_rate: float = option(
        1e-4,
        "peak rate of the pretrained part",
        gt=0,
        le=1,
        hint=Hint(log=True, search=(1e-5, 1e-3), searched=True, methods=("full", "last-layers", "lora")),
    )
    head_learning_rate: float = option(
        1e-2,
        "peak rate of the new head",
        gt=0,
        le=1,
        hint=Hint(log=True, group="advanced", search=(1e-3, 1e-1), searched=True, tasks=HEADED),
    )
    optimizer: Literal["adamw", "sgd", "adafactor"] = option("adamw", "the optimizer", hint=CHOICE)
    momentum: float = option(0.9, "SGD's momentum", ge=0, lt=1, hint=Hint(group="advanced", search=(0.5, 0.99)))
    adam_beta2: float = option(
        0.999, "AdamW's decay of squared gradients", gt=0, lt=1, hint=Hint(group="advanced", search=(0.9, 0.999))
    )
    weight_decay: float = option(
        0.01,
        "decay of the weights, biases and norms excepted",
        ge=0,
        le=1,
        hint=Hint(group="advanced", search=(0.0, 0.1), searched=True),
    )
    warmup: float = option(
        0.1,
        "share of the steps in which the rate rises to its peak; 1 or more: steps",
        ge=0,
        le=1e6,
        hint=Hint(group="advanced", search=(0.0, 0.3), searched=True),
    )
    schedule: Literal["linear", "cosine", "cosine_with_min_lr", "constant", "constant_with_warmup"] = option(
        "linear", "how the rate falls after its peak", hint=CHOICE
    )
    min_learning_rate: float = option(
        0.0, "where cosine_with_min_lr ends", ge=0, le=1, hint=Hint(log=True, group="advanced")
    )
    max_grad_norm: float = option(
        1.0,
        "gradients longer than this are scaled down to it",
        gt=0,
        le=1e6,
        hint=Hint(group="advanced", log=True, search=(0.1, 10.0)),
    )


class _Regularisation(_Learning):
    """What keeps a model from learning its rows by heart, and from going on for nothing."""

    dropout: float | None = option(
        None,
        "share of the activations dropped, anywhere in the model; the model's own when not given",
        ge=0,
        lt=1,
        hint=Hint(group="advanced", search=(0.0, 0.4)),
    )
    label_smoothing: float = option(
        0.0, "share of the truth spread over all answers", ge=0, lt=1, hint=Hint(group="advanced", search=(0.0, 0.2))
    )
    class_weights: Literal["none", "balanced"] = option(
        "none",
        "balanced: rare classes weigh as much as frequent ones",
        hint=Hint(group="advanced", complete="choices", tasks=PLAIN),
    )
    eval_steps: int = option(0, "steps between two evaluations; 0 = after each epoch", ge=0, hint=ADVANCED)
    patience: int | None = option(
        None, "stop after so many evaluations without a better --metric, and keep the best weights", ge=1, hint=ADVANCED
    )
    metric: str | None = option(
        None, "the metric that says which weights are best; the task's main one when not given", hint=ADVANCED
    )
    keep: Literal["last", "best"] = option("last", "which weights become the model", hint=CHOICE)


class _Method(_Regularisation):
    """Which weights are trained, and where they come from."""

    method: Literal["full", "head", "last-layers", "lora"] = option(
        "full",
        "what is trained: all weights, the head on a frozen model, the last --train-layers, or a low-rank adapter",
        hint=Hint(complete="choices"),
    )
    train_layers: int = option(
        2,
        "layers that --method last-layers trains",
        ge=1,
        le=1000,
        hint=Hint(group="advanced", search=(1, 6), searched=True, methods=("last-layers",)),
    )
    lora_rank: int = option(
        8,
        "rank of the adapter",
        ge=1,
        le=1024,
        hint=Hint(group="advanced", search=(4, 8, 16, 32), searched=True, methods=("lora",)),
    )
    lora_alpha: int = option(
        16,
        "weight of the adapter, over its rank",
        ge=1,
        le=4096,
        hint=Hint(group="advanced", search=(8, 16, 32, 64), methods=("lora",)),
    )
    lora_dropout: float = option(
        0.05,
        "dropout in the adapter",
        ge=0,
        lt=1,
        hint=Hint(group="advanced", search=(0.0, 0.2), methods=("lora",)),
    )
    from_scratch: bool = option(
        False, "begin with random weights: --model names an architecture, or a model to copy the shape of"
    )
    layers: int = option(4, "layers of a model made from scratch", ge=1, le=200, hint=ADVANCED)
    heads: int = option(4, "attention heads of a model made from scratch", ge=1, le=256, hint=ADVANCED)
    width: int = option(
        128, "width of a model made from scratch", ge=4, le=65536, hint=Hint(group="advanced", log=True)
    )
    tokenizer: Literal["auto", "characters", "bpe", "words"] = option(
        "auto", "the tokenizer of a model made from scratch, learned from the training rows", hint=CHOICE
    )
    vocabulary: int = option(
        8000, "size of a learned vocabulary", ge=32, le=1_000_000, hint=Hint(group="advanced", unit="tokens")
    )


class Learning(_Method):
    """What is looked at while training."""

    watch: list[str] = option(
        [], "sentences whose attention is recorded, or beginnings to go on from, while training (several allowed)"
    )
    watch_every: int = option(10, "steps between two attention snapshots; 0 = never", ge=0, hint=ADVANCED)
    sample_every: int = option(
        100,
        "steps between two texts that the model writes; 0 = never",
        ge=0,
        hint=Hint(group="advanced", tasks=WRITERS),
    )
    sample_tokens: int = option(
        60, "length of those texts", ge=1, le=4096, hint=Hint(group="advanced", unit="tokens", tasks=WRITERS)
    )
