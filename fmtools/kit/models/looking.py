"""Attention of any transformer, also while an adapter is on it, with tokens that people can read in every script."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...core.errors import ModelError

#: Shown for the second and later parts of a character that the tokenizer takes apart.
REST = "·"


def readable(tokenizer: Any, text: str, max_length: int, special: bool = True) -> tuple[list[int], list[str]]:
    """Return (token ids, what each stands for in the text), at most `max_length`.

    Byte-level tokens are shown as the characters they are parts of, blanks and line feeds as ␣ and ⏎ where they stand alone.
    """
    encoded = tokenizer(
        text, truncation=True, max_length=max_length, add_special_tokens=special, return_offsets_mapping=True
    )
    ids, shown, before = list(encoded["input_ids"]), [], (0, 0)
    for token, span in zip(ids, encoded["offset_mapping"], strict=True):
        shown.append(_shown(text[slice(*span)], span == before) or str(tokenizer.convert_ids_to_tokens(token)))
        before = span
    return ids, shown


def _shown(part: str, again: bool) -> str:
    if again and len(part) == 1:
        return REST
    return part.strip() or part.replace("\n", "⏎").replace(" ", "␣")


@torch.no_grad()
def attention(
    model: Any, tokenizer: Any, text: str, max_length: int = 64, special: bool = True
) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention float32 [layers, heads, n, n]) of one text; row = the token that looks.

    The fused kernels give no weights, so the model is switched to the plain ones for this pass and back; the mode is left
    as it was. `special`: with the tokens that the tokenizer sets around a text. Raises ModelError for a model without attention.
    """
    plain = model.get_base_model() if hasattr(model, "merge_and_unload") else model
    if not has_attention(plain):
        raise ModelError(f"This network ({plain.config.model_type}) has no attention to show.", "A transformer has.")
    limit = getattr(plain.config, "max_position_embeddings", None) or max_length
    ids, shown = readable(tokenizer, text, min(max_length, limit), special)
    if not ids:
        raise ModelError("There is no token in this text.", "Give a word or more.")
    was_training, kernels = model.training, plain.config._attn_implementation
    plain.set_attn_implementation("eager")
    try:
        out = model.eval()(input_ids=torch.tensor([ids], device=model.device), output_attentions=True)
    finally:
        plain.set_attn_implementation(kernels)
        model.train(was_training)
    if not out.attentions or out.attentions[0] is None:
        raise ModelError("This model does not give its attention weights.", "Choose another model to look inside.")
    return shown, torch.stack([layer[0].float() for layer in out.attentions]).cpu().numpy()


def has_attention(model: Any) -> bool:
    """Say whether a model's configuration speaks of attention heads."""
    return bool(getattr(model.config, "num_attention_heads", 0))
