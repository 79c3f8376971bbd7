"""Memory that creeps: a process that holds more after every stretch of steps, and would go on. Pure, fed with bytes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from .findings import Finding

#: Steps of a stretch, and how many stretches in a row must each have grown. Batches of new lengths make the first steps
#: of every run grow; what they take at least, stretch by stretch, then stays.
STRETCH, STRETCHES = 25, 6
#: Growth below this is nobody's trouble: bytes, and a share of what the process held.
LEAST, SHARE = 100_000_000, 0.1


@dataclass
class Creep:
    """Feed it what the process holds after each step. `total` is the last step, `free` what the machine had free at first."""

    total: int
    free: int
    _lows: list[tuple[int, int]] = field(default_factory=list)  # (last step, least bytes) of each stretch
    _low: int = 0
    _count: int = 0
    _said: bool = False

    def step(self, step: int, held: int) -> Finding | None:
        """Take in a step's resident bytes; return what is new."""
        self._low = min(self._low, held) if self._count else held
        self._count += 1
        if self._count < STRETCH:
            return None
        self._lows.append((step, self._low))
        self._count = 0
        return None if self._said else self._judge(step)

    def _judge(self, step: int) -> Finding | None:
        seen = self._lows[1:][-STRETCHES - 1 :]  # the first stretch warms up
        gains = [after[1] - before[1] for before, after in itertools.pairwise(seen)]
        grown = seen[-1][1] - seen[0][1] if seen else 0
        half = len(gains) // 2
        steady = len(gains) == STRETCHES and min(gains) > 0 and sum(gains[half:]) > 0.5 * sum(gains[:half])
        if not steady or grown < max(LEAST, SHARE * seen[0][1]):
            return None
        self._said = True
        pace = grown / (seen[-1][0] - seen[0][0])
        return Finding("memory", step, self._said_of(seen, pace, step), self._advice(pace, step))

    def _said_of(self, seen: list[tuple[int, int]], pace: float, step: int) -> str:
        span = f"{seen[0][1] / 1e9:.2f} to {seen[-1][1] / 1e9:.2f} GB between steps {seen[0][0]} and {step}"
        return f"The memory held grows with every step: from {span}, {pace / 1e6:.1f} MB a step."

    def _advice(self, pace: float, step: int) -> str:
        ends = step + int(self.free / pace)
        near = f"At this pace it is used up at step {ends:,}. " if ends < self.total else ""
        return f"{near}Something is kept that should be let go, such as losses with their graphs in a list: use loss.item()."
