"""Losses that a model does not bring: class weights and label smoothing over any logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from ...core.options import TrainOptions

IGNORED = -100


def class_weights(labels: Sequence[int], classes: int) -> torch.Tensor:
    """Return rows / (classes * rows of the class), scikit-learn's "balanced"; a class without rows weighs 1."""
    counts = torch.bincount(torch.as_tensor(labels), minlength=classes).float()
    weights = len(labels) / (classes * counts.clamp(min=1))
    return torch.where(counts > 0, weights, torch.ones_like(weights))


def for_labels(labels: Any, classes: int, options: TrainOptions) -> Callable[..., torch.Tensor] | None:
    """Return the loss that the options ask for over label numbers [rows] (an Arrow column), or None: the model's own."""
    balanced = options.class_weights == "balanced"
    return cross_entropy(class_weights(labels.to_pylist(), classes) if balanced else None, options.label_smoothing)


def cross_entropy(weights: torch.Tensor | None, smoothing: float) -> Callable[..., torch.Tensor] | None:
    """Return a loss for Trainer's `compute_loss_func`, or None when the model's own will do.

    Takes logits [..., classes] and labels [...] with -100 where nothing is asked. With `num_items_in_batch` (labels of
    all the batches of a step) the sum is divided by it, so that accumulated batches weigh by their labels.
    """
    if weights is None and not smoothing:
        return None

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs.logits
        flat, truth = logits.float().flatten(0, -2), labels.flatten()
        weight = None if weights is None else weights.to(flat.device)
        if num_items_in_batch is None:
            return functional.cross_entropy(flat, truth, weight, ignore_index=IGNORED, label_smoothing=smoothing)
        total = functional.cross_entropy(
            flat, truth, weight, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
        )
        return total / num_items_in_batch

    return loss
