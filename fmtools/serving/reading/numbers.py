"""Probabilities from logits."""

from __future__ import annotations

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities over the last axis: exp(x) over the sum of exp(x), shifted by the maximum for range."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    found: np.ndarray = shifted / shifted.sum(-1, keepdims=True)
    return found


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return the probability of each label by itself: 1 / (1 + exp(-x))."""
    found: np.ndarray = 1.0 / (1.0 + np.exp(-np.asarray(logits, np.float64)))
    return found
