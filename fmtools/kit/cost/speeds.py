"""Which batch size trains most rows a second: tried out, powers of two, within the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..machine import gpu
from ..machine.gpu import room
from ..machine.usage import Clock

#: The largest batch that is tried; batches of each size; seconds after which no larger size is begun.
LARGEST, TIMES, ENOUGH = 512, 2, 20.0
#: Share of the free memory that a size may need; how much slower than the best a size is before larger ones are given up.
MOST, SLOWER = 0.6, 0.85


def speeds(trainer: Any, collate: Any, lengths: list[int], needs: Callable[[int], float]) -> dict[int, float]:
    """Return rows a second for each size, a step of the optimizer included. Weights are left as they are."""
    order, rows = np.argsort(lengths, kind="stable"), trainer.train_dataset
    found: dict[int, float] = {}
    size, began = 1, Clock()
    while size <= min(LARGEST, len(rows)) and needs(size) < MOST * room().free and began.since()[0] < ENOUGH:
        with trainer.kernels():
            found[size] = _speed(trainer, collate, rows, order, size)
        if found[size] < SLOWER * max(found.values()):
            break
        size *= 2
    return found


def _speed(trainer: Any, collate: Any, rows: Any, order: Any, size: int) -> float:
    """Return rows a second over rows of every length: those at even distances in their order."""
    best = 0.0
    for part in range(TIMES + 1):  # the first time is to warm up
        middle = (len(order) - size) * (part + 1) // (TIMES + 2)
        batch = collate([rows[int(i)] for i in order[middle : middle + size]])
        clock = Clock()
        trainer.training_step(trainer.model, batch)
        trainer.optimizer.step()
        trainer.model.zero_grad()
        gpu.settle()
        best = max(best, size / clock.since()[0]) if part else best
    return best
