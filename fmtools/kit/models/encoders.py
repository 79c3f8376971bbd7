"""Pretrained text encoders: load, choose the pooling, build the classifier, read attention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.errors import ModelError, out_of_memory
from .encoder_classifier import EncoderClassifier, EncoderClassifierConfig


def load_tokenizer(folder: str) -> Any:
    """Load a tokenizer; code that a folder might bring is never run."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # as many kinds as there are tokenizers
        raise ModelError(
            f"{folder} has no tokenizer that can be read: {_first(error)}", "Save the tokenizer beside the weights."
        ) from None


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def weight_names(folder: Path) -> set[str]:
    """Return the names of the tensors in a folder's safetensors files, read from their headers only."""
    from safetensors import safe_open

    names: set[str] = set()
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            names |= set(file.keys())
    return names


def pooling_of(folder: str) -> str:
    """Say how an encoder was trained to pool: "mean" or "cls".

    A sentence-transformers folder says it in 1_Pooling/config.json; else a trained pooler means the first token, and
    without one the mean, which needs no trained part.
    """
    path = Path(folder)
    config = path / "1_Pooling" / "config.json"
    if config.is_file():
        value = json.loads(config.read_text(encoding="utf-8"))
        return "cls" if value.get("pooling_mode_cls_token") or value.get("pooling_mode") == "cls" else "mean"
    return "cls" if any("pooler.dense" in name for name in weight_names(path)) else "mean"


def _load(loader: Any, folder: str, **options: Any) -> Any:
    try:
        return loader.from_pretrained(folder, trust_remote_code=False, **options)
    except Exception as error:  # a damaged config.json meets libraries at places that nobody foresaw
        if out_of_memory(error):
            raise
        cure = "A model folder needs config.json and model.safetensors."
        raise ModelError(f"The model {folder} cannot be loaded: {_first(error)}", cure) from None


def build_classifier(folder: str, labels: list[str], pooling: str) -> Any:
    """Build a classifier over an encoder folder: our mean-pooling head, or the architecture's own head over [CLS]."""
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

    names = label_names(labels)
    chosen = pooling_of(folder) if pooling == "auto" else pooling
    if chosen == "cls":
        return _load(
            AutoModelForSequenceClassification, folder, num_labels=len(labels), ignore_mismatched_sizes=True, **names
        )
    encoder_config = _load(AutoConfig, folder)
    config = EncoderClassifierConfig(encoder=encoder_config, pooling=chosen, **names)
    model = EncoderClassifier(config)
    torch.nn.init.normal_(model.classifier.weight, std=0.02)
    torch.nn.init.zeros_(model.classifier.bias)
    from .encoder_classifier import _has_pooler

    model.encoder = _load(AutoModel, folder, **({"add_pooling_layer": False} if _has_pooler(encoder_config) else {}))
    travel_with_weights()
    return model


def label_names(labels: list[str]) -> dict[str, Any]:
    """Return how a configuration names its classes."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def travel_with_weights() -> None:
    """Let our classifier's file be saved beside its weights, named in config.json, for readers that have no fmtools."""
    EncoderClassifierConfig.register_for_auto_class()
    EncoderClassifier.register_for_auto_class("AutoModelForSequenceClassification")


def load_classifier(folder: Path) -> Any:
    """Load a folder that `build_classifier`'s model was saved to. Runs no code of the folder."""
    from transformers import AutoModelForSequenceClassification

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    ours = config.get("model_type") == EncoderClassifierConfig.model_type
    model = (
        EncoderClassifier.from_pretrained(folder) if ours else _load(AutoModelForSequenceClassification, str(folder))
    )
    return model.eval()


def load_base(folder: str) -> Any:
    """Load the bare encoder of a folder, to look at it before any training."""
    from transformers import AutoModel

    return _load(AutoModel, folder).eval()


def head_parameters(model: Any) -> set[str]:
    """Return the names of the parameters outside the pretrained base (the new head)."""
    prefix = model.base_model_prefix + "."
    return {name for name, _ in model.named_parameters() if not name.startswith(prefix)}


def parameter_groups(model: Any, rate: float, head_rate: float, decay: float) -> list[dict[str, Any]]:
    """Split the parameters for the optimizer: the base with and without weight decay (biases, norms), and the head."""
    head = head_parameters(model)
    base = [(n, p) for n, p in model.named_parameters() if n not in head and p.requires_grad]
    groups = [
        {"params": [p for _, p in base if p.ndim > 1], "lr": rate, "weight_decay": decay},
        {"params": [p for _, p in base if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
        {"params": [p for n, p in model.named_parameters() if n in head], "lr": head_rate, "weight_decay": decay},
    ]
    return [group for group in groups if group["params"]]


def attention_of(model: Any, tokenizer: Any, text: str, max_length: int) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention [layers, heads, n, n], float32) of one text."""
    batch = tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt").to(model.device)
    return tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist()), attention_weights(model, batch)


@torch.no_grad()
def attention_weights(model: Any, batch: Any) -> np.ndarray:
    """Return the attention [layers, heads, n, n] of the one row of a batch, float32.

    The fused attention kernels give no weights, so the model is switched to the plain ones for this pass and back;
    the mode and the random state are left as they were. transformers says nothing but a log line when a model cannot.
    """
    inner = getattr(model, model.base_model_prefix, model)
    was_training, kernels = model.training, inner.config._attn_implementation
    inner.set_attn_implementation("eager")
    try:
        out = model.eval()(**batch, output_attentions=True)
    finally:
        inner.set_attn_implementation(kernels)
        model.train(was_training)
    if not out.attentions:
        raise ModelError("This model does not give its attention weights.", "Choose another model to look inside.")
    return torch.stack([layer[0].float() for layer in out.attentions]).cpu().numpy()
