"""Where a run is rehearsed: a context that keeps its events in memory, an order of rows, and what is noted of a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...core.events import Control, Record


class RehearsalContext:
    """Takes a run's events in memory; nothing is written, nobody steers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Record] = []
        self.attention_bytes: list[int] = []

    def emit(self, event: Record) -> int:
        self.events.append(event)
        return len(self.events)

    def attention(self, step: int, probe: int, text: str, tokens: list[str], weights: Any) -> None:
        del step, probe, text, tokens
        self.attention_bytes.append(int(weights.size))

    def controls(self) -> list[Control]:
        return []

    def flush(self) -> None:
        pass

    def last(self, kind: type) -> Any:
        """Return the newest event of a kind; None when there is none."""
        return next((event for event in reversed(self.events) if isinstance(event, kind)), None)


class Order(torch.utils.data.Sampler[int]):
    """Rows in an order that was chosen."""

    def __init__(self, order: list[int]) -> None:
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order)


@dataclass(frozen=True)
class Step:
    """A batch: (rows, tokens, tokens times length), what it took, when it began and ended (pairs, see kit.machine.usage)."""

    shape: tuple[int, float, float]
    took: list[float]
    began: list[float]
    ended: list[float]
    #: The most resident memory of the process when the step was over, in bytes.
    peak: int

    @property
    def tokens(self) -> float:
        return self.shape[1]

    @property
    def squared(self) -> float:
        return self.shape[2]


def is_torch(rows: Any) -> bool:
    """Say whether a set of rows is one of ours, whose order and parts can be chosen."""
    return isinstance(rows, torch.utils.data.Dataset)
