"""Choosing the next token from logits: greedy, or drawn; the same text for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .reading.numbers import softmax


@dataclass(frozen=True)
class Sampling:
    """How to choose. temperature 0: always the likeliest; top_k 0 and top_p 1: among all tokens."""

    max_new_tokens: int = 100
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 42


class Chooser:
    """Chooses one token after another for one text."""

    def __init__(self, how: Sampling) -> None:
        self.how = how
        self._random = np.random.default_rng(how.seed)

    def __call__(self, logits: np.ndarray, before: list[int]) -> int:
        """Return the next token from logits [vocabulary], given the tokens before it."""
        wide = np.array(logits, np.float64)
        if self.how.repetition_penalty != 1.0:
            seen = np.unique(before)
            penalty = self.how.repetition_penalty
            wide[seen] = np.where(wide[seen] > 0, wide[seen] / penalty, wide[seen] * penalty)
        if not self.how.temperature:
            return int(wide.argmax())
        return int(self._random.choice(len(wide), p=self._chances(wide / self.how.temperature)))

    def _chances(self, wide: np.ndarray) -> np.ndarray:
        """Return the probability of each token, 0 outside of the likeliest `top_k` and of those that make up `top_p`."""
        if 0 < self.how.top_k < len(wide):
            wide = np.where(wide < np.partition(wide, -self.how.top_k)[-self.how.top_k], -np.inf, wide)
        chances = softmax(wide)
        if self.how.top_p < 1.0:
            order = np.argsort(-chances, kind="stable")
            late = np.cumsum(chances[order]) - chances[order] >= self.how.top_p
            chances[order[late]] = 0.0
            chances /= chances.sum()
        return chances
