"""An encoder-decoder as two functions of named arrays: encoder_model and decoder_model, as optimum lays them out.

encoder: input_ids, attention_mask -> last_hidden_state. decoder: encoder_attention_mask, input_ids (new tokens), encoder_hidden_states,
past_key_values.<layer>.decoder.key/.value [batch, heads, past, width] -> logits, present.<layer>.decoder.key/.value. An empty
cache has length 0. Keys and values of the source are computed anew from encoder_hidden_states: one graph does for the first token
and for all others, where optimum writes the decoder's weights twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from .calls import Arrays, completed, own_forward, tensors

ENCODER, DECODER = "encoder_model", "decoder_model"
PAST, PRESENT = "past_key_values", "present"
#: Tokens of the batches that the exporter and the gate see, some before the cut and some behind it; how many of them.
READ, SHAPES = 9, 4
_AXES = {
    "encoder_attention_mask": ["batch", "source"],
    "input_ids": ["batch", "length"],
    "encoder_hidden_states": ["batch", "source", "width"],
    "logits": ["batch", "length", "vocabulary"],
}


class Encoder(torch.nn.Module):
    """What is read."""

    name = ENCODER
    inputs, outputs = ["input_ids", "attention_mask"], ["last_hidden_state"]
    axes = {
        "input_ids": ["batch", "length"],
        "attention_mask": ["batch", "length"],
        "last_hidden_state": ["batch", "length", "width"],
    }

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner.get_encoder()

    def forward(self, **given: torch.Tensor) -> Arrays:
        """Return last_hidden_state [batch, length, width]."""
        return {"last_hidden_state": own_forward(self.inner)(**given)[0]}

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        return completed(self.inputs, tensors(kwargs if "input_ids" in kwargs else {**kwargs, "input_ids": args[0]}))

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return BaseModelOutput(last_hidden_state=found["last_hidden_state"])


class Decoder(torch.nn.Module):
    """What is written, of what was read. shapes: (heads, width) of each layer's keys and of its values; [] keeps no cache."""

    name = DECODER

    def __init__(self, inner: Any, cached: bool = True) -> None:
        super().__init__()
        self.inner = inner
        self.shapes = _shapes(inner) if cached else []

    @property
    def inputs(self) -> list[str]:
        """The names of what it takes, in order."""
        return ["encoder_attention_mask", "input_ids", "encoder_hidden_states", *self._names(PAST)]

    @property
    def outputs(self) -> list[str]:
        """The names of what it gives, in order."""
        return ["logits", *self._names(PRESENT)]

    @property
    def axes(self) -> dict[str, list[str]]:
        """What the axes of inputs and outputs are called; heads and width are fixed."""
        kept = {PAST: "past", PRESENT: "total"}
        caches = {name: ["batch", "heads", kept[kind], "width"] for kind in kept for name in self._names(kind)}
        return {**_AXES, **caches}

    def _names(self, kind: str) -> list[str]:
        return [f"{kind}.{i}.decoder.{part}" for i in range(len(self.shapes)) for part in ("key", "value")]

    def forward(self, **given: torch.Tensor) -> Arrays:
        """Return logits [batch, length, vocabulary], and the cache with the new tokens."""
        kept = self._cache([given[name] for name in self._names(PAST)]) if self.shapes else None
        out = own_forward(self.inner)(
            attention_mask=given["encoder_attention_mask"],
            decoder_input_ids=given["input_ids"],
            encoder_outputs=BaseModelOutput(last_hidden_state=given["encoder_hidden_states"]),
            past_key_values=kept,
            use_cache=bool(self.shapes),
        )
        return {"logits": out.logits, **(self._flat(kept, PRESENT) if kept is not None else {})}

    def _cache(self, arrays: list[torch.Tensor]) -> EncoderDecoderCache:
        """Return transformers' own cache of keys and values in turn; those of the source are made anew each time."""
        own, source = DynamicCache(), DynamicCache()
        own.layers = []
        for keys, values in zip(arrays[::2], arrays[1::2], strict=True):
            layer = DynamicLayer()
            layer.keys, layer.values = keys, values
            layer.dtype, layer.device, layer.is_initialized = keys.dtype, keys.device, True
            own.layers.append(layer)
        source.layers = [_Anew() for _ in self.shapes]
        return EncoderDecoderCache(own, source)

    def _flat(self, kept: Any, kind: str) -> Arrays:
        own = [value for layer in kept.self_attention_cache.layers for value in (layer.keys, layer.values)]
        return dict(zip(self._names(kind), own, strict=True))

    def empty(self, like: torch.Tensor) -> Arrays:
        """Return a cache of length 0 for the rows of `like`, on its device."""
        sizes = [size for pair in self.shapes for size in pair]
        return {
            name: torch.zeros((len(like), heads, 0, width), device=like.device)
            for name, (heads, width) in zip(self._names(PAST), sizes, strict=True)
        }

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        ids, mask, read = (kwargs.get(name) for name in ("input_ids", "attention_mask", "encoder_outputs"))
        if mask is None:
            like = ids if ids is not None else kwargs["encoder_outputs"][0][..., 0]
            mask = torch.ones(like.shape[:2], dtype=torch.long, device=like.device)
        if read is None:
            read = self.inner.get_encoder()(input_ids=ids, attention_mask=mask)
        kept, new = kwargs.get("past_key_values"), kwargs["decoder_input_ids"]
        full = self.shapes and kept is not None and kept.get_seq_length() > 0
        return {
            "encoder_attention_mask": mask.long(),
            "input_ids": new,
            "encoder_hidden_states": read[0],
            **(self._flat(kept, PAST) if full else self.empty(new)),
        }

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kept, logits, last = kwargs.get("past_key_values"), found["logits"], kwargs.get("logits_to_keep") or 0
        if kept is not None and self.shapes:  # who holds it goes on with it
            own = self._cache([found[name] for name in self._names(PRESENT)]).self_attention_cache
            kept.self_attention_cache.layers = own.layers
        return Seq2SeqLMOutput(logits=logits[:, -last:] if last else logits, past_key_values=kept)

    @torch.no_grad()
    def examples(self, taken: list[Arrays]) -> list[Arrays]:
        """Return batches of what was written, with an empty cache; and of several and of single tokens after a cache."""
        if not self.shapes:
            return taken
        found = []
        for one in taken[:: max(1, len(taken) // SHAPES)]:
            ids, source = one["input_ids"], one["encoder_hidden_states"].shape[1]
            ids = ids.repeat(1, READ)[:, :READ]
            # No two free sizes of an example may be the same: an exporter would take them for one.
            cut = next(n for n in (4, 3, 2) if source not in (n, READ - n))
            for first, last in ((cut, READ), (READ - 1, READ)):
                before = self(**{**one, "input_ids": ids[:, :first]})
                kept = {PAST + name[len(PRESENT) :]: before[name] for name in self._names(PRESENT)}
                found.append({**one, "input_ids": ids[:, first:last], **kept})
        return [*found, *taken]


class _Anew(DynamicLayer):
    """A layer of a cache that keeps nothing."""

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return what came."""
        return key_states, value_states


@torch.no_grad()
def _shapes(inner: Any) -> list[Any]:
    """Return (heads, width) of each layer's keys and of its values; [] for a model whose cache is not of keys and values."""
    ids = torch.zeros((1, 2), dtype=torch.long, device=inner.device)
    out = own_forward(inner)(input_ids=ids, decoder_input_ids=ids, use_cache=True)
    layers = getattr(getattr(out.past_key_values, "self_attention_cache", None), "layers", [])
    if any(type(layer) is not DynamicLayer or layer.keys.dim() != 4 for layer in layers):
        return []
    return [(layer.keys.shape[1::2], layer.values.shape[1::2]) for layer in layers]


@contextmanager
def without_cache(model: Any) -> Iterator[None]:
    """Let `generate` hand over all that is written, not only its last token."""
    kept = [(one, one.use_cache) for one in (model.generation_config, model.config) if hasattr(one, "use_cache")]
    for one, _ in kept:
        one.use_cache = False
    try:
        yield
    finally:
        for one, value in kept:
            one.use_cache = value
