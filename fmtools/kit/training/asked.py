"""Logits of the targets alone. A language model's output layer makes a number for every token of its vocabulary at every place of
a text; where few places have a target (hidden tokens, answers of an assistant, texts of unlike length), that is most of the work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from .losses import IGNORED


@contextlib.contextmanager
def asked_alone(model: Any, labels: torch.Tensor) -> Iterator[None]:
    """Let calls of a model give logits [targets, vocabulary], in the order of the targets in `labels` [rows, n], instead of
    [rows, n, vocabulary]; -100 is no target. Models whose output layer sees something else than [rows, n, width] give all, as
    does a model for whose forward another stands in (`whole`: whoever writes it down compares logits of every place)."""
    inner = model
    while hasattr(inner, "module"):  # what spreads a model over processes wraps it
        inner = inner.module
    layer = inner.get_output_embeddings()
    asked = labels != IGNORED
    if layer is None or getattr(inner.forward, "whole", False) or bool(asked.all()):
        yield
        return

    def chosen(layer: Any, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if not given or given[0].shape[:-1] != asked.shape:
            return None
        return given[0][asked.to(given[0].device)], *given[1:]

    hook = layer.register_forward_pre_hook(chosen)
    try:
        yield
    finally:
        hook.remove()
