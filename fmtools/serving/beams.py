"""Beam search over one text, as transformers does it with early stopping: the best so many texts, each with its score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .rules import Rules

#: Added to the score of what must not be chosen; transformers' own number, so that its ties are ours.
LOW = np.float32(-1e9)
#: Tokens of a text, that which begins it first, and the mean log-probability of a token (by the length penalty).
Found = tuple[list[int], float]


class Course(Protocol):
    """A decoder on its way through some texts."""

    def step(self, written: np.ndarray) -> np.ndarray:
        """Return logits [texts, vocabulary] of the token after `written` [texts, length]."""
        ...

    def reorder(self, order: np.ndarray) -> None:
        """Go on with the texts of these places."""
        ...


def search(course: Course, rules: Rules, beams: int, most: int) -> Iterator[list[Found]]:
    """Yield after each token what is finished, best first; the last time all `beams` texts of at most `most` new tokens."""
    keep = max(2, 1 + len(rules.stops)) * beams
    written = np.full((beams, 1), rules.start, np.int64)
    scores = np.full(beams, LOW, np.float32)
    scores[0] = 0.0  # all beams are the same text at first
    done: list[Found] = []
    for count in range(1, most + 1):
        likely = rules.apply(written, log_softmax(course.step(written)), most + 1)
        total = (scores[:, None] + likely).ravel()
        best = _top(total, keep)
        places, tokens = np.divmod(best, likely.shape[1])
        texts, values = np.concatenate([written[places], tokens[:, None]], 1), total[best]
        ended = np.isin(tokens, list(rules.stops)) | (count == most)
        new = [
            (texts[i].tolist(), float(values[i]) / count**rules.length_penalty) for i in np.flatnonzero(ended[:beams])
        ]
        done = sorted([*done, *new], key=lambda one: -one[1])[:beams]
        yield done
        if len(done) == beams:
            return
        values = values + ended * LOW
        order = _top(values, beams)
        written, scores = texts[order], values[order]
        course.reorder(places[order])


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return log-probabilities [texts, vocabulary], float32."""
    wide = logits.astype(np.float32) - logits.max(-1, keepdims=True)
    found: np.ndarray = wide - np.log(np.exp(wide).sum(-1, keepdims=True))
    return found


def _top(values: np.ndarray, count: int) -> np.ndarray:
    """Return the places of the largest values, largest first."""
    count = min(count, len(values))
    found = np.argpartition(-values, count - 1)[:count]
    return found[np.argsort(-values[found], kind="stable")]
