"""Several processes that train one model: who this one is, what they agree on, and a context that keeps the others quiet.

torch.distributed says who we are; without a process group everything here is a process alone. What depends on a clock, a
file or a person is decided by rank 0 and told to the others: two ranks that decide differently wait for each other for ever.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import distributed

from ...core.contracts import Context
from ...core.events import Control, Record

T = TypeVar("T")

#: Between the seeds of two ranks: their dropout must not be the same.
APART = 1_000_003


def count() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Return this process's number, from 0."""
    return distributed.get_rank() if count() > 1 else 0


def is_main() -> bool:
    """Say whether this process writes the log, the checkpoints and the model."""
    return rank() == 0


def named(device: Any) -> str:
    """Return what is computed on, such as "cpu" or "2 x cuda"."""
    return str(device) if count() == 1 else f"{count()} x {torch.device(device).type}"


@functools.cache
def _talk() -> Any:
    """Return the group for what is said besides tensors of the model: small, on the processor, never on a GPU."""
    return None if distributed.get_backend() == "gloo" else distributed.new_group(backend="gloo")


def from_main(make: Callable[[], T]) -> T:
    """Return what `make` returns on rank 0, on every rank."""
    if count() == 1:
        return make()
    told: list[Any] = [make() if is_main() else None]
    distributed.broadcast_object_list(told, src=0, group=_talk())
    value: T = told[0]
    return value


def to_main(value: T) -> list[T]:
    """Return the values of all ranks, in their order, on rank 0; an empty list elsewhere."""
    found: list[Any] | None = [None] * count() if is_main() else None
    distributed.gather_object(value, found, dst=0, group=_talk())
    return found or []


def summed(numbers: list[list[float]]) -> list[list[float]]:
    """Return the sum of equally long tables over all ranks."""
    total = torch.tensor(numbers, dtype=torch.float64)
    distributed.all_reduce(total, group=_talk())
    found: list[list[float]] = total.tolist()
    return found


def now() -> float:
    """Return seconds of a clock that all ranks read alike: each has to ask whenever one does."""
    clock = torch.tensor([time.perf_counter()], dtype=torch.float64)
    if count() > 1:
        distributed.broadcast(clock, src=0, group=_talk())
    return float(clock)


def part() -> bool:
    """Leave the group, when nothing is left that needs the others; say whether this rank has the rest to do.

    Each rank has to ask. Rank 0 computes with all their cores from now on.
    """
    together, main = count(), is_main()
    if together > 1:
        distributed.destroy_process_group()
        _talk.cache_clear()
        torch.set_num_threads(torch.get_num_threads() * together)
    return main


def draw_apart(seed: int) -> None:
    """Give this rank random numbers of its own; rank 0 keeps those of a process alone."""
    if not is_main():
        own = seed + APART * rank()
        random.seed(own)
        np.random.seed(own % 2**32)
        torch.manual_seed(own)


class Main:
    """The context of rank 0: what is wished is told to every rank, so that all obey at the same step."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def controls(self) -> Iterable[Control]:
        return from_main(lambda: list(self._context.controls()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class Quiet:
    """The context of any other rank: it says nothing, and hears from rank 0 what is wished."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def emit(self, event: Record) -> int:
        del event
        return 0

    def attention(self, *args: Any) -> None:
        pass

    def flush(self) -> None:
        pass

    def controls(self) -> Iterable[Control]:
        return from_main(list)
