"""A fair sample of what comes along, without knowing how much will come: Vitter's algorithm R.

J. S. Vitter, Random sampling with a reservoir, ACM Transactions on Mathematical Software 11 (1985) 37-57.
"""

from __future__ import annotations

import random


class Reservoir:
    """At any moment each thing seen is kept with the same chance, `size` / `seen`. It says where, the caller keeps it."""

    def __init__(self, size: int, seen: int = 0, chance: random.Random | None = None) -> None:
        self.size, self.seen = size, seen
        self._chance = chance or random.Random()

    def place(self) -> int | None:
        """Count one more; return the place (from 0) where it is kept, instead of what is there; None when it is not kept."""
        self.seen += 1
        if self.seen <= self.size:
            return self.seen - 1
        at = self._chance.randrange(self.seen)
        return at if at < self.size else None
