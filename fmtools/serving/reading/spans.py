"""Answers as spans of a context, read off the logits of their starts and ends."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Starts and ends of a window that are combined; answers that compete for the probability.
BEST = 20


def candidates(
    starts: np.ndarray, ends: np.ndarray, offsets: list[tuple[int, int] | None], longest: int
) -> list[tuple[float, int, int]]:
    """Return the best spans of one window as (sum of logits, start, end) in the context; `longest` in tokens."""
    inside = np.array([i for i, place in enumerate(offsets) if place is not None and place[1] > place[0]], dtype=int)
    if not len(inside):
        return []
    first = inside[np.argsort(-starts[inside], kind="stable")[:BEST]]
    last = inside[np.argsort(-ends[inside], kind="stable")[:BEST]]
    return [
        (float(starts[a] + ends[b]), offsets[a][0], offsets[b][1])
        for a in first.tolist()
        for b in last.tolist()
        if a <= b < a + longest
    ]


def ranked(context: str, spans: list[tuple[float, int, int]], none: float | None, top: int) -> list[dict[str, Any]]:
    """Return answers with probabilities, best first; the same place from two windows counts once. `none`: logits of "no answer"."""
    best: dict[tuple[int, int], float] = {}
    for value, start, end in spans:
        best[start, end] = max(value, best.get((start, end), float("-inf")))
    kept = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:BEST]
    if none is not None or not kept:
        kept.append(((0, 0), none if none is not None else 0.0))
        kept.sort(key=lambda item: -item[1])
    values = np.exp(np.array([value for _, value in kept]) - kept[0][1])
    shares = values / values.sum()
    return [
        {"answer": context[start:end], "score": float(share), "start": start, "end": end}
        for ((start, end), _), share in zip(kept[:top], shares, strict=False)
    ]
