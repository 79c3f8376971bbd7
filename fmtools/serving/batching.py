"""Who is computed when: a bounded queue, lanes that compute side by side, and groups of like length where that pays."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .pieces import Piece
from .problems import Problem

Outputs = dict[str, np.ndarray]
Compute = Callable[[Sequence[Piece]], list[Outputs]]
#: Pieces of one group differ in length by this factor at most: padding is computed like text.
ALIKE = 1.25
#: Weight of the newest group in the mean time of a piece.
NEWEST = 0.1


@dataclass(slots=True)
class _Waiting:
    piece: Piece
    until: float
    done: asyncio.Future[Outputs]


@dataclass
class Plan:
    """How many pieces of a length are computed together: `sizes` [(length, size)], by length; 1 = alone."""

    sizes: list[tuple[int, int]] = field(default_factory=list)

    def size(self, length: int) -> int:
        """Return the size for pieces of `length` tokens: that of the next longer length that was measured."""
        if not length:
            return 1
        return next((size for limit, size in self.sizes if length <= limit), self.sizes[-1][1] if self.sizes else 1)


class Batcher:
    """Computes pieces in `lanes` threads. All state belongs to the event loop; threads only compute.

    At most `capacity` pieces wait. With nobody waiting a piece goes straight through, alone.
    """

    def __init__(self, compute: Compute, lanes: int, capacity: int, plan: Plan) -> None:
        self.capacity, self.plan, self.lanes = capacity, plan, lanes
        self._compute = compute
        self._waiting: deque[_Waiting] = deque()
        self._busy = 0
        self._seconds = 0.01
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="inference")
        self.on_group: Callable[[int], Any] = lambda size: None

    @property
    def waiting(self) -> int:
        """How many pieces wait."""
        return len(self._waiting)

    def retry_after(self) -> int:
        """Return in how many seconds somebody who is refused should come back."""
        return max(1, math.ceil(len(self._waiting) * self._seconds / self.lanes))

    async def submit(self, pieces: Sequence[Piece], until: float) -> list[Outputs]:
        """Return the outputs of each piece, by `until` (time.monotonic). Raises Problem 429 when the queue is full, 504
        when the time is over."""
        if self._waiting and len(self._waiting) + len(pieces) > self.capacity:
            raise Problem(429, "The server has more requests waiting than it takes.", retry=self.retry_after())
        loop = asyncio.get_running_loop()
        tasks = [_Waiting(piece, until, loop.create_future()) for piece in pieces]
        self._waiting.extend(tasks)
        self._start()
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return [await task.done for task in tasks]
        except TimeoutError:
            raise Problem(504, "The answer was not ready by the request's deadline.") from None
        finally:
            for task in tasks:
                if not task.done.done():
                    task.done.cancel()
                elif not task.done.cancelled():
                    task.done.exception()  # of a failed group one exception is raised; the others count as seen

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while self._busy < self.lanes and (group := self._next()):
            self._busy += 1
            began = time.monotonic()
            work = loop.run_in_executor(self._pool, self._compute, [one.piece for one in group])
            work.add_done_callback(lambda done, group=group, began=began: self._finish(done, group, began))  # type: ignore[misc]
            self.on_group(len(group))

    def _next(self) -> list[_Waiting]:
        """Return the piece that waits longest, with others of like length; those whose time is over are dropped."""
        now = time.monotonic()
        while self._waiting and (self._waiting[0].done.done() or self._waiting[0].until <= now):
            self._waiting.popleft()
        if not self._waiting:
            return []
        first = self._waiting.popleft()
        room = self.plan.size(first.piece.length) - 1
        return [first, *self._alike(first.piece.length, room)] if room and self._waiting else [first]

    def _alike(self, length: int, room: int) -> list[_Waiting]:
        chosen: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        now = time.monotonic()
        for one in self._waiting:
            if one.done.done() or one.until <= now:
                continue
            fits = len(chosen) < room and length / ALIKE <= one.piece.length <= length * ALIKE
            (chosen if fits else left).append(one)
        self._waiting = left
        return chosen

    def _finish(self, done: asyncio.Future[list[Outputs]], group: list[_Waiting], began: float) -> None:
        self._busy -= 1
        each = (time.monotonic() - began) / len(group)
        self._seconds += NEWEST * (each - self._seconds)
        error = done.exception()
        for place, one in enumerate(group):
            if one.done.done():
                continue
            if error is not None:
                one.done.set_exception(error)
            else:
                one.done.set_result(done.result()[place])
        self._start()

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        self._pool.shutdown(wait=False)
