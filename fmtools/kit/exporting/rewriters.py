"""An encoder-decoder as two functions of named arrays: encoder_model and decoder_model, as optimum lays them out.

encoder: input_ids, attention_mask -> last_hidden_state. decoder: encoder_attention_mask, input_ids (what is written so far),
encoder_hidden_states -> logits. The decoder keeps no cache: it reads again what it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from .calls import Arrays, completed, own_forward, tensors

ENCODER, DECODER = "encoder_model", "decoder_model"


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
    """What is written, of what was read."""

    name = DECODER
    inputs, outputs = ["encoder_attention_mask", "input_ids", "encoder_hidden_states"], ["logits"]
    axes = {
        "encoder_attention_mask": ["batch", "source"],
        "input_ids": ["batch", "length"],
        "encoder_hidden_states": ["batch", "source", "width"],
        "logits": ["batch", "length", "vocabulary"],
    }

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, **given: torch.Tensor) -> Arrays:
        """Return logits [batch, length, vocabulary]."""
        out = own_forward(self.inner)(
            attention_mask=given["encoder_attention_mask"],
            decoder_input_ids=given["input_ids"],
            encoder_outputs=BaseModelOutput(last_hidden_state=given["encoder_hidden_states"]),
            use_cache=False,
        )
        return {"logits": out.logits}

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        ids, mask, read = (kwargs.get(name) for name in ("input_ids", "attention_mask", "encoder_outputs"))
        if mask is None:
            like = ids if ids is not None else kwargs["encoder_outputs"][0][..., 0]
            mask = torch.ones(like.shape[:2], dtype=torch.long, device=like.device)
        if read is None:
            read = self.inner.get_encoder()(input_ids=ids, attention_mask=mask)
        return {
            "encoder_attention_mask": mask.long(),
            "input_ids": kwargs["decoder_input_ids"],
            "encoder_hidden_states": read[0],
        }

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return Seq2SeqLMOutput(logits=found["logits"])


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
