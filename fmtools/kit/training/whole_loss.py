"""A language model and its loss compiled as one graph: the logits, rows times tokens times vocabulary, are then neither
written as float32 nor read again, which for a small model on a card is a good part of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .losses import IGNORED


def compiled(
    loss: Callable[..., torch.Tensor], steady: bool, backend: str | Callable[..., Any] = "inductor"
) -> Callable[..., torch.Tensor]:
    """Return (model, inputs, labels, items) -> loss, compiled at its first call.

    loss: as Trainer's `compute_loss_func`. steady: batches have few shapes, each of which gets a graph of its own; else
    lengths that change share one.
    """

    def whole(model: Any, inputs: dict[str, torch.Tensor], labels: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return loss(model(**inputs), labels, num_items_in_batch=items)

    made: Callable[..., torch.Tensor] = torch.compile(whole, dynamic=False if steady else None, backend=backend)
    return made


def asked(labels: torch.Tensor) -> torch.Tensor:
    """Return how many labels of a batch are asked for, as a tensor beside them."""
    return (labels != IGNORED).sum()
