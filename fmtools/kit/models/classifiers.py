"""Text classifiers: pretrained or from scratch, their rows, and what they say about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...core.options import TrainOptions
from ..training.batches import PadTexts, TextRows
from . import encoders, scratch
from .encoder_classifier import EncoderClassifier, EncoderClassifierConfig

if TYPE_CHECKING:
    import pyarrow as pa

SEVERAL = "multi_label_classification"


def build(folder: str, train: pa.Table, meta: dict[str, Any], options: TrainOptions) -> tuple[Any, Any]:
    """Return (model, tokenizer): a pretrained encoder with a new head, or everything new with `from_scratch`."""
    problem = SEVERAL if meta.get("multi_label") else "single_label_classification"
    if options.from_scratch:
        model, words = _fresh(folder, train, meta, options)
    else:
        words = encoders.load_tokenizer(folder)
        model = encoders.build_classifier(folder, meta["labels"], options.pooling)
    model.config.problem_type = problem
    return model, words


def _fresh(folder: str, train: pa.Table, meta: dict[str, Any], options: TrainOptions) -> tuple[Any, Any]:
    from transformers import AutoConfig

    texts = [text for name in ("text", "pair") if name in train.column_names for text in train[name].to_pylist()]
    words = encoders.load_tokenizer(folder) if folder else scratch.tokenizer(texts, options)
    shape = encoders._load(AutoConfig, folder) if folder else scratch.config(options, words)
    names = encoders.label_names(meta["labels"])
    if shape.model_type == "fmtools-lstm":
        from . import lstm

        shape.update(names)
        lstm.travel_with_weights()
        return lstm.LstmClassifier(shape), words
    config = EncoderClassifierConfig(encoder=shape, pooling="mean", **names)
    encoders.travel_with_weights()
    return EncoderClassifier(config), words


def load(folder: Path) -> Any:
    """Load a folder that a classifier was saved to. Runs no code of the folder."""
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind == "fmtools-lstm":
        from .lstm import LstmClassifier

        return LstmClassifier.from_pretrained(folder).eval()
    return encoders.load_classifier(folder)


def rows(words: Any, table: pa.Table, meta: dict[str, Any], max_length: int) -> TextRows:
    """Tokenise a prepared table; labels where it has them."""
    labels = table["label"].to_pylist() if "label" in table.column_names else None
    pairs = table["pair"].to_pylist() if "pair" in table.column_names else None
    classes = len(meta["labels"]) if meta.get("multi_label") else 0
    return TextRows(words, table["text"].to_pylist(), labels, max_length, pairs, classes)


@torch.inference_mode()
def outputs(
    model: Any, words: Any, table: pa.Table, batch_size: int, several: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return logits [rows, labels] (float32) in the order of the rows, and the truth where there is any."""
    data = rows(words, table.select([n for n in table.column_names if n != "label"]), {"labels": []}, max_length(model))
    collate = PadTexts(words.pad_token_id or 0)
    order = sorted(range(len(data)), key=data.lengths.__getitem__)
    logits = np.zeros((len(data), model.config.num_labels), np.float32)
    for i in range(0, len(order), batch_size):
        chosen = order[i : i + batch_size]
        batch = {k: v.to(model.device) for k, v in collate([data[j] for j in chosen]).items()}
        logits[chosen] = model(**batch).logits.float().cpu().numpy()
    return logits, _truth(table, model.config.num_labels, several)


def _truth(table: pa.Table, classes: int, several: bool) -> np.ndarray | None:
    if "label" not in table.column_names:
        return None
    if not several:
        return np.asarray(table["label"])
    wide = np.zeros((table.num_rows, classes), np.float32)
    for row, numbers in enumerate(table["label"].to_pylist()):
        wide[row, numbers] = 1.0
    return wide


def max_length(model: Any) -> int:
    """Return how many tokens of a text a trained classifier reads, at most 512."""
    encoder = getattr(model.config, "encoder", model.config)
    return min(int(getattr(encoder, "max_position_embeddings", 512)), 512)


def has_attention(model: Any) -> bool:
    """Say whether there is attention to look at."""
    return bool(getattr(model.config, "model_type", "") != "fmtools-lstm")
