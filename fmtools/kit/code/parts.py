"""A run as a script: what all tasks share. The building blocks are quoted from fmtools itself, so that the script does what
fmtools did, to the order of the batches; the main part is written out per task (kit.code.texts, code_tags, code_language)."""

from __future__ import annotations

import ast
import inspect
import pprint
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...core.options import TrainOptions
from ..training import batches, methods, optimizers
from ..training import quick as kernels

#: Options that a script's blocks read.
READ = (
    "epochs", "max_steps", "batch_size", "gradient_accumulation", "learning_rate", "head_learning_rate", "optimizer", "momentum",
    "adam_beta2", "weight_decay", "warmup", "schedule", "min_learning_rate", "max_grad_norm", "dropout", "label_smoothing",
    "class_weights", "method", "train_layers", "lora_rank", "lora_alpha", "lora_dropout", "from_scratch", "max_length", "packing",
    "seed",
)  # fmt: skip
IMPORTS = """
import contextlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Sampler
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.modeling_utils import AttentionInterface
"""
EDIT = "# What is trained, and how: edit here.\n"
READ_ROWS = '''
def read(split):
    """Return the rows of a split, a dict each; None when the data have no such split."""
    path = DATA / f"{split}.jsonl"
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    path = DATA / f"{split}.arrow"
    if not path.is_file():
        return None
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path))).read_all().to_pylist()
'''
TRAINER = '''
class OrderedTrainer(Trainer):
    """A Trainer whose batches come in an order that depends on the seed and the epoch alone."""

    def _get_train_sampler(self, train_dataset=None):
        rows = self.train_dataset
        lengths = getattr(rows, "lengths", None)
        if lengths is None:
            return Shuffled(len(rows), self.args.seed, self._epoch)
        return LengthGroups(lengths, self.args.train_batch_size, self.args.seed, self._epoch)

    def _clip_grad_norm(self, model):
        norm = clip(model, self.optimizer, self.args.max_grad_norm)
        return super()._clip_grad_norm(model) if norm is None else norm

    def _epoch(self):
        batches = -(-len(self.train_dataset) // self.args.train_batch_size)
        return self.state.global_step // max(1, -(-batches // self.args.gradient_accumulation_steps))


def fit(model, rows, collate, loss=None, shifted=True, kind=OrderedTrainer):
    """Train the model on rows. `shifted`: labels are the tokens themselves, not those that follow (language models)."""
    more = {"min_lr": options.min_learning_rate} if options.schedule == "cosine_with_min_lr" else {}
    arguments = TrainingArguments(
        output_dir=str(OUT / "checkpoints"),
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        per_device_train_batch_size=options.batch_size,
        gradient_accumulation_steps=options.gradient_accumulation,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.schedule,
        lr_scheduler_kwargs=more,
        warmup_steps=options.warmup,  # below 1: a share of the steps
        max_grad_norm=options.max_grad_norm,
        bf16=BF16,
        use_cpu=not torch.cuda.is_available() and not torch.backends.mps.is_available(),
        seed=options.seed,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
    trainer = kind(
        model,
        arguments,
        train_dataset=rows,
        data_collator=collate,
        optimizers=(build(groups(model, options), options), None),
        **({"compute_loss_func": loss} if loss else {}),
    )
    trainer._loss_shifts_labels = trainer._loss_shifts_labels and shifted
    if not loss:
        trainer.model_accepts_loss_kwargs = False  # the model's own loss is a mean over its batch
    with quick(model):
        trainer.train()
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
'''


@dataclass(frozen=True)
class Facts:
    """What a script is made of: the run, its options, the labels and columns (meta), where model and rows are."""

    title: str
    options: TrainOptions
    meta: dict[str, Any]
    model: str
    data: str
    trained: str
    bf16: bool
    notes: Sequence[str] = ()


def quoted(*things: Any) -> str:
    """Return the sources of classes and functions, one after the other; constants come as (name, value)."""
    parts = [
        f"{thing[0]} = {thing[1]!r}\n" if isinstance(thing, tuple) else inspect.getsource(thing) for thing in things
    ]
    source = "\n\n\n".join(part.rstrip() for part in parts) + "\n"
    return source.replace("options: TrainOptions", "options: SimpleNamespace")


def script(facts: Facts, blocks: str, main: str) -> str:
    """Put a script together: what it is, settings to edit, blocks, the main part."""
    head = "\n".join([facts.title, "", *_wrapped(facts.notes)]).rstrip()
    chosen = {name: getattr(facts.options, name) for name in READ}
    settings = [
        f"DATA = {_path(facts.data)}  # train.jsonl, validation.jsonl and test.jsonl, or .arrow files",
        f"MODEL = {_folder(facts.model)}  # a folder or a name of the hub",
        f"TRAINED = {_folder(facts.trained)}  # the run's model: its shape and tokenizer",
        'OUT = Path("trained")',
        f"BF16 = {facts.bf16}",
        f"options = SimpleNamespace(\n{textwrap.indent(_lines(chosen), '    ')})",
    ]
    parts = [
        f'"""{head}\n"""',
        "from __future__ import annotations",
        IMPORTS.strip(),
        EDIT + "\n".join(settings),
        READ_ROWS.strip(),
        blocks.strip(),
        "\n\n\n".join(part.strip() for part in (_methods(facts.options), _kernels(), TRAINER)),
        main.strip(),
        'if __name__ == "__main__":\n    main()',
    ]
    return _used("\n\n\n".join(parts) + "\n")


def _wrapped(notes: Sequence[str]) -> list[str]:
    return [line for note in notes for line in textwrap.wrap(note, 110)]


def _lines(chosen: dict[str, Any]) -> str:
    return "".join(f"{name}={value!r},\n" for name, value in chosen.items())


def _path(folder: str) -> str:
    return f"Path(__file__).parent / {folder!r}" if not folder.startswith("/") else f"Path({folder!r})"


def _folder(folder: str) -> str:
    inside = folder.startswith("./")
    return f"str(Path(__file__).parent / {folder[2:]!r})" if inside else repr(folder)


def literal(value: Any) -> str:
    """Return a value as Python source."""
    return pprint.pformat(value, width=110, compact=True)


def _methods(options: TrainOptions) -> str:
    """Quote what decides which weights are trained, and the optimizer; the order of batches."""
    things: list[Any] = [methods.head_modules, methods.groups, methods._writes]
    if options.dropout is not None or options.method != "full":
        things = [methods.apply, methods.set_dropout, methods._configs, *things]
    if options.method != "full":
        things += [methods.head_of, methods._last_layers, methods._is_stack, methods._lora]
    error = "class OptionError(ValueError):\n    pass\n\n\n" if options.method != "full" else ""
    orders = quoted(batches.Shuffled, ("GROUPED_BATCHES", batches.GROUPED_BATCHES), batches.LengthGroups)
    return error + quoted(*things, optimizers.build) + "\n\n" + orders


def _kernels() -> str:
    """Quote dropout and attention as a training on a processor has them: stock ones draw other numbers, and take longer."""
    things = kernels.drop, kernels.QuickDropout, kernels.attend, kernels.by_hand, kernels.clip, kernels.quick
    return quoted(("SHORT", kernels.SHORT), *things)


def chosen_weights(options: TrainOptions) -> str:
    """Return the main part's line that freezes, adapts or sets dropout; "" when there is nothing of it."""
    return "    model = apply(model, options)\n" if options.dropout is not None or options.method != "full" else ""


def _used(source: str) -> str:
    """Leave names out of the imports that the script does not use: a reader looks up every one of them."""
    head, middle, rest = source.partition(EDIT)
    names = {node.id for node in ast.walk(ast.parse(rest)) if isinstance(node, ast.Name)}
    for line in re.findall(r"^(?:import|from) .*", head, re.M):
        imported = [part.split(" as ")[-1].strip(" ,") for part in line.partition("import ")[2].split(", ")]
        kept = [name for name in imported if name in names]
        if "(" in line or line.startswith("from __future__") or kept == imported:
            continue
        new = f"{line.partition('import ')[0]}import {', '.join(kept)}\n" if kept else ""
        head = head.replace(line + "\n", new, 1)
    for name in re.findall(r"^    (Auto\w+),$", head, re.M):
        if name not in names:
            head = head.replace(f"    {name},\n", "")
    return head + middle + rest
