"""The peer of `gpu`: nanoGPT's way to train GPT-2, written anew: one module, sdpa, bfloat16 autocast, fused AdamW,
torch.compile, batches from pinned memory asked for before they are needed, the loss read every tenth step."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

#: Steps between two looks at the loss.
LOOK = 10


class Block(nn.Module):
    """Attention and a feed-forward layer, each behind a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, length, width = x.shape
        parts = self.attend(self.norm_1(x)).split(width, 2)
        q, k, v = (part.view(rows, length, self.heads, width // self.heads).transpose(1, 2) for part in parts)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(rows, length, width))
        return x + self.down(functional.gelu(self.up(self.norm_2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """GPT-2 with its output weights tied to its words."""

    def __init__(self, shape: dict[str, int]) -> None:
        super().__init__()
        width = shape["width"]
        self.words, self.places = nn.Embedding(shape["words"], width), nn.Embedding(shape["length"], width)
        self.blocks = nn.ModuleList(Block(width, shape["heads"]) for _ in range(shape["layers"]))
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, shape["words"], bias=False)
        self.out.weight = self.words.weight
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return functional.cross_entropy(self.out(self.norm(x)).flatten(0, 1), targets.flatten())


class Batches:
    """Random stretches of the stream, copied to the card while it computes."""

    def __init__(self, stream: np.ndarray, rows: int, length: int, device: str) -> None:
        self.stream, self.rows, self.length, self.device = stream, rows, length, device
        self.chance = np.random.default_rng(0)

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        starts = self.chance.integers(0, len(self.stream) - self.length - 1, self.rows)
        both = np.stack([self.stream[i : i + self.length + 1] for i in starts]).astype(np.int64)
        parts = (torch.from_numpy(both[:, :-1]).contiguous(), torch.from_numpy(both[:, 1:]).contiguous())
        if self.device != "cuda":
            return parts
        ids, targets = (part.pin_memory().to(self.device, non_blocking=True) for part in parts)
        return ids, targets


def optimizer_of(model: nn.Module, told: dict[str, Any]) -> torch.optim.Optimizer:
    """Return fused AdamW; what has one dimension does not decay."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": told["weight_decay"]},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=told["rate"], betas=(0.9, told["beta2"]), fused=True)


def train(told: dict[str, Any]) -> dict[str, float]:
    """Return {"seconds": a step after the warm-up, "loss": of the last steps, "parameters"}."""
    torch.manual_seed(0)
    device = told["device"]
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    plain = Gpt(told["shape"]).to(device).train()
    optimizer = optimizer_of(plain, told)
    model: Any = torch.compile(plain) if told["compile"] else plain
    halves = torch.autocast(device, torch.bfloat16) if told["bf16"] else contextlib.nullcontext()
    batches = Batches(np.load(told["tokens"]), told["rows"], told["shape"]["length"], device)
    ids, targets = batches()
    began = 0.0
    for step in range(told["steps"]):
        if step == told["warm_up"]:
            began = settled(device)
        for _ in range(told["accumulate"]):
            with halves:
                loss = model(ids, targets) / told["accumulate"]
            ids, targets = batches()  # while the card computes
            loss.backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % LOOK == 0:
            loss.item()
    seconds = (settled(device) - began) / (told["steps"] - told["warm_up"])
    return {
        "seconds": seconds,
        "loss": loss.item() * told["accumulate"],
        "parameters": sum(p.numel() for p in plain.parameters()),
    }


def settled(device: str) -> float:
    """Return the time when the card has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


if __name__ == "__main__":
    print(json.dumps(train(json.loads(sys.argv[1]))))
