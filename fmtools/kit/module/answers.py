"""What a user's `forward` returned, read: its loss or the one that fits, what else is a number, what is one a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional

from ...core.errors import ModelError
from .data import CLASSES, NUMBER

#: Losses that are chosen when forward returns none.
CROSS_ENTROPY, BINARY, SQUARED = "cross entropy", "binary cross entropy", "mean squared error"


@dataclass
class Answer:
    """`loss` is one number with a gradient; `scalars` are other single numbers; `rows` hold one value a row; `chosen` is
    the loss that was chosen here, "" when it is forward's own."""

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    scalars: dict[str, float] = field(default_factory=dict)
    rows: dict[str, torch.Tensor] = field(default_factory=dict)
    chosen: str = ""


class Judge:
    """Reads answers in the light of the label: its kind, how many classes there are, how they weigh."""

    def __init__(self, kind: str, classes: int, smoothing: float = 0.0, weights: torch.Tensor | None = None) -> None:
        self.kind, self.classes, self.smoothing, self.weights = kind, classes, smoothing, weights

    def read(self, returned: Any, truth: torch.Tensor | None, size: int) -> Answer:
        """Return what forward's answer to a batch of `size` rows means. Raises ModelError for what means nothing."""
        answer = _parts(returned, size)
        if answer.logits is not None and (truth is not None or self.kind):
            answer.logits = self._shaped(answer.logits, own_loss=answer.loss is not None)
        if answer.loss is None and truth is not None and answer.logits is not None:
            answer.loss, answer.chosen = self._loss(answer.logits, truth.to(answer.logits.device))
        return answer

    def _shaped(self, logits: torch.Tensor, own_loss: bool) -> torch.Tensor | None:
        """Return logits as [rows, classes] (or [rows] for a number and for yes or no); None when they are something else."""
        plain = logits.squeeze(-1) if logits.ndim == 2 and logits.shape[-1] == 1 else logits
        if self.kind == NUMBER and plain.ndim == 1:
            return plain
        if self.kind == CLASSES and plain.ndim == 1 and self.classes == 2:
            return plain
        if self.kind == CLASSES and plain.ndim == 2 and plain.shape[1] >= self.classes:
            return plain
        if own_loss:
            return None
        what = f"{self.classes} classes" if self.kind == CLASSES else "one number a row"
        shape = list(logits.shape)
        raise ModelError(
            f"forward returns a tensor of shape {shape}, which does not fit a label of {what}.",
            f"Let it return [rows, {self.classes}]."
            if self.kind == CLASSES
            else "Let it return [rows], or a loss of its own.",
        )

    def _loss(self, logits: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, str]:
        if self.kind == NUMBER:
            return functional.mse_loss(logits.float(), truth.float()), SQUARED
        weights = None if self.weights is None else self.weights.to(logits.device)
        if logits.ndim == 1:
            wanted = truth.float() * (1 - self.smoothing) + self.smoothing / 2
            each = functional.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none")
            return (each if weights is None else each * weights[truth]).mean(), BINARY
        loss = functional.cross_entropy(logits.float(), truth, weights, label_smoothing=self.smoothing)
        return loss, CROSS_ENTROPY


def _parts(returned: Any, size: int) -> Answer:
    """Sort what forward returned: a tensor, (loss, outputs ...), or names with a "loss" or "logits" among them."""
    if isinstance(returned, torch.Tensor):
        return _named({"loss" if returned.ndim == 0 else "logits": returned}, size)
    if isinstance(returned, Mapping):
        return _named(dict(returned), size)
    if isinstance(returned, tuple | list) and returned and all(isinstance(part, torch.Tensor) for part in returned):
        first_is_loss = returned[0].ndim == 0
        names = ["loss", "logits"] if first_is_loss else ["logits"]
        names += [f"output_{number}" for number in range(len(names), len(returned))]
        return _named(dict(zip(names, returned, strict=False)), size)
    raise ModelError(
        f"forward returns a {type(returned).__name__}, which is nothing to learn from.",
        'Let it return a loss, (loss, outputs), a dict with "loss", or a tensor of outputs [rows, ...].',
    )


def _named(values: dict[str, Any], size: int) -> Answer:
    answer = Answer()
    for name, value in values.items():
        if name == "loss" and value is not None:
            answer.loss = _checked(value)
        elif isinstance(value, torch.Tensor) and value.ndim and value.shape[0] == size:
            answer.rows[str(name)] = value
        elif isinstance(value, torch.Tensor) and value.numel() == 1:
            answer.scalars[str(name)] = float(value.detach())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            answer.scalars[str(name)] = float(value)
        elif name == "logits" and isinstance(value, torch.Tensor):
            raise ModelError(
                f"forward returns outputs of shape {list(value.shape)} for {size} rows.", "One row each, please."
            )
    found = answer.rows.get("logits")
    answer.logits = found if found is not None and found.is_floating_point() else None
    return answer


def _checked(value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise ModelError(
            f"forward's loss is a {type(value).__name__}, not a tensor.", "Return the tensor, without .item()."
        )
    if value.numel() != 1:
        raise ModelError(
            f"forward's loss has the shape {list(value.shape)}; it has to be one number.", "Return loss.mean()."
        )
    if not value.is_floating_point():
        raise ModelError(f"forward's loss is of {value.dtype}, which has no gradient.", "Compute it from the weights.")
    return value.reshape(())
