"""A language model with its cache as a function of named arrays: the layout of optimum and transformers.js.

input_ids, attention_mask over past and new tokens, position_ids, past_key_values.<layer>.key/.value [batch, heads, past,
width] -> logits, present.<layer>.key/.value. An empty cache has length 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from ...core.errors import ModelError
from .calls import Arrays, own_forward

#: Tokens of a row in the batches that the exporter and the gate see: some before the cut, some behind it.
READ, BEFORE = 12, 5
_AXES = {
    "input_ids": ["batch", "length"],
    "attention_mask": ["batch", "total"],
    "position_ids": ["batch", "length"],
    "logits": ["batch", "length", "vocabulary"],
}


def writes(model: Any) -> bool:
    """Say whether a model is a decoder that keeps its keys and values from token to token."""
    config = getattr(model, "config", None)
    if config is None or getattr(config, "is_encoder_decoder", False) or not hasattr(model, "can_generate"):
        return False
    return bool(model.can_generate() and getattr(model, "_supports_default_dynamic_cache", lambda: True)()) and hasattr(
        config, "num_attention_heads"
    )


class Step(torch.nn.Module):
    """One call of a decoder: a cache in, a longer one out."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner
        with torch.no_grad():
            out = own_forward(inner)(
                input_ids=torch.zeros((1, 2), dtype=torch.long, device=inner.device), use_cache=True
            )
        layers = getattr(out.past_key_values, "layers", None)
        if not layers or any(getattr(layer, "keys", None) is None or layer.keys.dim() != 4 for layer in layers):
            raise ModelError(
                f"The cache of this model ({inner.config.model_type}) is not of keys and values.",
                "Choose another format.",
            )
        #: (heads, width) of each layer's keys and of its values.
        self.shapes = [(layer.keys.shape[1::2], layer.values.shape[1::2]) for layer in layers]

    @property
    def inputs(self) -> list[str]:
        """The names of what it takes, in order."""
        return ["input_ids", "attention_mask", "position_ids", *self._names("past_key_values")]

    @property
    def outputs(self) -> list[str]:
        """The names of what it gives, in order."""
        return ["logits", *self._names("present")]

    @property
    def axes(self) -> dict[str, list[str]]:
        """What the axes of inputs and outputs are called; heads and width are fixed."""
        past, present = (
            {name: ["batch", "heads", size, "width"] for name in self._names(kind)}
            for kind, size in (("past_key_values", "past"), ("present", "total"))
        )
        return {**_AXES, **past, **present}

    def _names(self, kind: str) -> list[str]:
        return [f"{kind}.{i}.{part}" for i in range(len(self.shapes)) for part in ("key", "value")]

    def forward(self, **given: torch.Tensor) -> Arrays:
        """Return logits [batch, length, vocabulary] and the cache with the new tokens."""
        out = own_forward(self.inner)(
            input_ids=given["input_ids"],
            attention_mask=given["attention_mask"],
            position_ids=given["position_ids"],
            past_key_values=cache(given),
            use_cache=True,
        )
        return {"logits": out.logits, **flat(out.past_key_values, "present")}

    def empty(self, batch: int, like: torch.Tensor) -> Arrays:
        """Return a cache of length 0, on the device of `like`."""
        found: Arrays = {}
        for i, pair in enumerate(self.shapes):
            for part, (heads, width) in zip(("key", "value"), pair, strict=True):
                found[f"past_key_values.{i}.{part}"] = torch.zeros((batch, heads, 0, width), device=like.device)
        return found


def cache(given: Mapping[str, torch.Tensor], kind: str = "past_key_values") -> DynamicCache:
    """Return transformers' own cache from its arrays."""
    found = DynamicCache()
    found.layers = []
    for i in range(sum(name.startswith(f"{kind}.") for name in given) // 2):
        layer = DynamicLayer()
        layer.keys, layer.values = given[f"{kind}.{i}.key"], given[f"{kind}.{i}.value"]
        layer.dtype, layer.device, layer.is_initialized = layer.keys.dtype, layer.keys.device, True
        found.layers.append(layer)
    return found


def flat(kept: Any, kind: str) -> Arrays:
    """Return the arrays of transformers' own cache, by name."""
    pairs = [(layer.keys, layer.values) for layer in kept.layers]
    return {
        f"{kind}.{i}.{part}": value
        for i, pair in enumerate(pairs)
        for part, value in zip(("key", "value"), pair, strict=True)
    }


class Cached:
    """How transformers' `generate` and the scores of fmtools call a decoder."""

    def __init__(self, step: Step) -> None:
        self.step = step

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        kept = kwargs.get("past_key_values")
        full = kept is not None and kept.get_seq_length() > 0
        past = flat(kept, "past_key_values") if full else self.step.empty(len(ids), ids)
        before = next(iter(past.values())).shape[2] if past else 0
        return {**prompt(ids, kwargs.get("attention_mask"), before, kwargs.get("position_ids")), **past}

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kept, logits = kwargs.get("past_key_values"), found["logits"]
        new = cache(found, "present") if len(found) > 1 else None
        if kept is not None and new is not None:
            kept.layers = new.layers  # who holds it goes on with it
            new = kept
        last = kwargs.get("logits_to_keep") or 0
        return CausalLMOutputWithPast(logits=logits[:, -last:] if last else logits, past_key_values=new)


def prompt(ids: torch.Tensor, mask: Any, before: int, positions: Any = None) -> Arrays:
    """Return ids, mask over past and new tokens, and positions that count real tokens only."""
    if mask is None:
        mask = torch.ones((len(ids), before + ids.shape[1]), dtype=torch.long, device=ids.device)
    mask = mask.long()
    if positions is None:
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
    return {"input_ids": ids, "attention_mask": mask, "position_ids": positions.expand(len(ids), -1).contiguous()}


@torch.no_grad()
def examples(step: Step, rows: list[list[int]]) -> list[Arrays]:
    """Return batches of real tokens: one, two and three rows, with an empty cache and with one; one row padded on the left."""
    rows = [(row * READ)[:READ] for row in rows if row]
    found = []
    for size in (2, 1, 3):
        ids = torch.tensor([rows[i % len(rows)] for i in range(size)], device=step.inner.device)
        mask = torch.ones_like(ids)
        if size > 1:
            mask[0, :2] = 0
        first = prompt(ids[:, :BEFORE], mask[:, :BEFORE], 0)
        first |= step.empty(size, ids)
        past = {name.replace("present", "past_key_values"): value for name, value in step(**first).items()}
        past.pop("logits")
        found += [{**prompt(ids[:, BEFORE:], mask, BEFORE), **past}, first]
        found.append({**prompt(ids[:, BEFORE : BEFORE + 1], mask[:, : BEFORE + 1], BEFORE), **past})
    return found
