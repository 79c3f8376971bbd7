"""What torch's kernels for processors do slowly while a model trains, done with other operations of torch.

Dropout draws a random number an element; here one draw of 64 bits serves four. Attention with dropout goes torch's long way
through float32, and without dropout its bfloat16 kernel is slow backwards at short lengths. Milliseconds on two cores
(torch 2.13, 16 texts, 12 heads of 32), torch's and ours: dropout of 26 x 384: 0.95 and 0.26; attention forwards and backwards
with dropout in bfloat16 at 26 tokens 2.2 and 1.9, at 128 50 and 22; without dropout in bfloat16 at 26 tokens 12 and 1.4.
Clipping multiplies every gradient, which the optimizer reads anyway.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.modeling_utils import AttentionInterface

#: Up to this many tokens torch's float32 kernel is quicker, forwards and backwards, than its bfloat16 kernel.
SHORT = 128


def drop(values: torch.Tensor, share: float) -> torch.Tensor:
    """Set a share of the values to 0, each by itself, and scale the rest up; the share is met to a 131,072nd."""
    dropped = round(share * 65536)  # of 65,536 numbers that are equally likely
    drawn = torch.empty((values.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    kept = drawn[: values.numel()].view(values.shape) >= dropped - 32768
    return values * kept.to(values.dtype).mul_(65536 / (65536 - dropped))


class QuickDropout(nn.Dropout):
    """nn.Dropout, with `drop` while it trains on a processor."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Drop values [...] with probability `p`."""
        if self.training and 0 < round(self.p * 65536) < 65536 and values.device.type == "cpu":
            return drop(values, self.p)
        return super().forward(values)


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    position_bias: torch.Tensor | None = None,
    cache: Any = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' sdpa attention: query [rows, heads, n, width] to [rows, n, heads, width]; quicker where a processor trains."""
    plain = cache is None and others.get("softcap") is None and query.dtype == key.dtype == value.dtype
    if plain and query.device.type == "cpu" and torch.is_grad_enabled():
        if 0 < round(dropout * 65536) < 65536:
            bias = (attention_mask, position_bias)
            return by_hand(module, (query, key, value), bias, dropout, scaling, is_causal), None
        if query.requires_grad and query.dtype == torch.bfloat16 and key.shape[2] <= SHORT and position_bias is None:
            mask = attention_mask
            if mask is not None and mask.is_floating_point():
                mask = mask.float()
            with torch.autocast("cpu", enabled=False):
                whole = (query.float(), key.float(), value.float())
                found, _ = sdpa_attention_forward(module, *whole, mask, dropout, scaling, is_causal)
            return found.to(query.dtype), None
    return sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout, scaling, is_causal, position_bias, cache, **others
    )


def by_hand(
    module: nn.Module,
    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    biases: tuple[torch.Tensor | None, torch.Tensor | None],
    dropout: float,
    scaling: float | None,
    is_causal: bool | None,
) -> torch.Tensor:
    """Attention as it is defined, in the precision of what comes in; dropout is drawn by `drop`.

    biases: the mask (true or 0 where a token may be looked at) and what each layer adds by position, either may be None.
    """
    (query, key, value), (mask, places) = inputs, biases
    groups = getattr(module, "num_key_value_groups", 1)
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    if mask is None and causal and query.shape[2] > 1:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool).tril()
    with torch.autocast("cpu", enabled=False):
        scores = (query * (query.shape[-1] ** -0.5 if scaling is None else scaling)) @ key.transpose(2, 3)
        if places is not None:
            scores = scores + places.to(scores.dtype)
        if mask is not None and mask.dtype == torch.bool:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        elif mask is not None:
            scores = scores + mask.to(scores.dtype)
        return (drop(scores.softmax(-1), dropout) @ value).transpose(1, 2).contiguous()


def clip(model: nn.Module, optimizer: Any, limit: float) -> torch.Tensor | None:
    """Let a fused AdamW scale gradients down to the norm `limit` while it reads them, instead of walking over them before.

    Returns their norm, as torch's clip_grad_norm_ does; None, and nothing is changed, where the optimizer is another one.
    """
    plain = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps it
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    fused = isinstance(plain, torch.optim.AdamW) and plain.defaults.get("fused")
    if not fused or not gradients or any(found.device.type != "cpu" for found in gradients):
        return None
    norm = torch.nn.utils.get_total_norm(gradients)
    plain.grad_scale = ((norm + 1e-6) / limit).clamp(min=1.0).float()  # gradients are divided by it
    return norm


@contextlib.contextmanager
def quick(model: nn.Module) -> Iterator[None]:
    """Let the transformers models in `model` train with the operations above; afterwards nothing of it is left."""
    within = {m for part in model.modules() if isinstance(part, PreTrainedModel) for m in part.modules()}
    changed = [m for m in within if type(m) is nn.Dropout]
    AttentionInterface.register("sdpa", attend)
    for found in changed:
        found.__class__ = QuickDropout
    try:
        yield
    finally:
        AttentionInterface.register("sdpa", sdpa_attention_forward)
        for found in changed:
            found.__class__ = nn.Dropout
