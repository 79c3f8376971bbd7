"""Encoder-decoders: pretrained from any folder or made from scratch, their rows, and what a training of them needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

from ...core.errors import ModelError, OptionError
from ...core.options import TrainOptions
from ..cost.model import rows_at_once
from ..training.losses import IGNORED
from . import encoders, scratch
from .language_model import LanguageTrainer, at_once, positions_of, target_loss
from .spoken import choose_languages, heard, speaks

#: Under this key a model's config remembers how its texts were made ready: prefix, max_length, max_target_length.
KEPT = "fmtools"


class WritingTrainer(LanguageTrainer, Seq2SeqTrainer):
    """A Seq2SeqTrainer whose validation loss is exact: a mean over all tokens, not over batches."""


class PairRows(torch.utils.data.Dataset[dict[str, Any]]):
    """Tokenised sources and targets; `lengths` [rows] are the tokens of both, by which rows are grouped."""

    def __init__(self, tokenizer: Any, sources: list[str], targets: list[str], limits: dict[str, Any]) -> None:
        self.input_ids = source_ids(tokenizer, sources, limits)
        self.labels: list[list[int]] = tokenizer(
            text_target=targets, truncation=True, max_length=limits["max_target_length"], return_attention_mask=False
        )["input_ids"]
        self.lengths = [len(a) + len(b) for a, b in zip(self.input_ids, self.labels, strict=True)]

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.input_ids[index], "labels": self.labels[index]}


def source_ids(tokenizer: Any, texts: list[str], limits: dict[str, Any]) -> list[list[int]]:
    """Return the tokens of sources, their prefix before them, cut to max_length."""
    if not texts:
        return []
    ready = [limits["prefix"] + text for text in texts]
    found: list[list[int]] = tokenizer(
        ready, truncation=True, max_length=limits["max_length"], return_attention_mask=False
    )["input_ids"]
    return found


def begin(folder: str, texts: list[str], task: str, meta: dict[str, Any], options: TrainOptions) -> tuple[Any, Any]:
    """Return (model, tokenizer) to train: pretrained, random in a folder's shape, or of an architecture by name.

    `texts` (source, target, source ...) are what a tokenizer is learned from where there is no folder. The limits stand in the model's config, where
    `limits_of` finds them. Raises ModelError for a model that is no encoder-decoder, OptionError for lengths it cannot read.
    """
    languages: list[str] = meta["languages"]
    if not folder:
        tokenizer = scratch.tokenizer(texts, options)
        model = AutoModelForSeq2SeqLM.from_config(scratch.config(options, tokenizer), dtype=torch.float32)
        _tell_how_to_write(model, tokenizer)
    else:
        tokenizer, config = encoders.load_tokenizer(folder), fitting(folder)
        model = (
            AutoModelForSeq2SeqLM.from_config(config, dtype=torch.float32)
            if options.from_scratch
            else encoders._load(AutoModelForSeq2SeqLM, folder, dtype=torch.float32)
        )
        if not languages and task == "translation" and speaks(model, tokenizer):
            languages = heard(texts[::2], texts[1::2])
        choose_languages(model, tokenizer, languages)
    _check_lengths(model, options)
    limits = {
        "prefix": prefix_of(model.config, task, languages) or limits_of(model)["prefix"],
        "max_length": options.max_length,
        "max_target_length": options.max_target_length,
    }
    setattr(model.config, KEPT, limits)
    return model, tokenizer


def _tell_how_to_write(model: Any, tokenizer: Any) -> None:
    """Say in the model's generation_config how a text begins and ends, for every reader of the folder."""
    how = model.generation_config
    how.decoder_start_token_id, how.forced_eos_token_id = model.config.decoder_start_token_id, None
    how.eos_token_id, how.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id


def load(folder: Path) -> tuple[Any, Any]:
    """Return (model, tokenizer) of a trained folder, ready to write. Runs no code of the folder."""
    fitting(str(folder))
    model = encoders._load(AutoModelForSeq2SeqLM, str(folder), dtype=torch.float32)
    return model.eval(), encoders.load_tokenizer(str(folder))


def fitting(folder: str) -> Any:
    """Return a folder's configuration. Raises ModelError when its model is no encoder-decoder."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING

    config = encoders._load(AutoConfig, folder)
    if type(config) not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING:
        raise ModelError(
            f"This model ({config.model_type}) is no encoder-decoder: it cannot write one text from another.",
            "Choose one such as T5, Marian or mBART; or train one: --from-scratch --model marian.",
        )
    return config


def _check_lengths(model: Any, options: TrainOptions) -> None:
    limit = positions_of(model)
    for name in ("max_length", "max_target_length"):
        if limit is not None and getattr(options, name) > limit:
            raise OptionError(
                f"--{name.replace('_', '-')} {getattr(options, name)} is more than this model reads: {limit} tokens.",
                f"Give {limit} or less.",
            )


def prefix_of(config: Any, task: str, languages: list[str]) -> str:
    """Return what a model was taught to find before a source ("summarize: "), by its own config; "" for most."""
    known = getattr(config, "task_specific_params", None) or {}
    keys = [task, *([f"translation_{'_to_'.join(languages)}"] if languages else [])]
    entry: dict[str, Any] = next((known[key] for key in reversed(keys) if key in known), {})
    return str(entry.get("prefix", "") or "")


def limits_of(model: Any) -> dict[str, Any]:
    """Return prefix, max_length and max_target_length of a model, those of its training when it has one."""
    positions = positions_of(model) or 512
    usual = {"prefix": "", "max_length": min(512, positions), "max_target_length": min(128, positions)}
    return {**usual, **(getattr(model.config, KEPT, None) or {})}


def collator(model: Any, tokenizer: Any) -> Any:
    """Return what pads rows: labels with -100, and the decoder's input made from them by the model's own rule."""
    return DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=IGNORED)


def loss(smoothing: float) -> Any:
    """Return the mean of -log p(label) in nats; smoothing where it is trained on, not where it is measured."""
    trained, measured = target_loss(smoothing), target_loss(0.0)

    def chosen(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        return (trained if torch.is_grad_enabled() else measured)(outputs, labels, num_items_in_batch)

    return chosen


def arguments(model: Any, options: TrainOptions) -> dict[str, Any]:
    """Return what the Trainer's arguments need besides the usual."""
    # Not the model's own size is the limit of what fits, but that of its logits.
    size = at_once(model, options.max_target_length, rows_at_once(options))
    return {"label_names": ["labels"], "per_device_eval_batch_size": size}


Arguments = Seq2SeqTrainingArguments
