"""The order in which a training takes its rows, known before torch is there: a short run sees only some of the batches."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: More rows than this are ordered by a generator that is faster, and not torch's: of so many, the first are like any others.
EXACT = 50_000
#: Batches whose rows are sorted by length together, as in kit.training.batches.
GROUPED = 50


class Drawn:
    """What `torch.Generator().manual_seed(seed)` draws on a processor: the same permutations, without torch."""

    def __init__(self, seed: int) -> None:
        import numpy as np

        self._random = np.random.RandomState(seed % 2**32)

    def permutation(self, count: int) -> np.ndarray:
        """Return `torch.randperm(count, generator=...)` [count]."""
        import numpy as np

        found = list(range(count))
        drawn = self._random.randint(0, 2**32, max(0, count - 1), dtype=np.uint32).tolist()
        for i, number in enumerate(drawn):
            j = i + number % (count - i)
            found[i], found[j] = found[j], found[i]
        return np.asarray(found, dtype=np.int64)


def batches(lengths: np.ndarray, batch_size: int, grouped: bool, seed: int) -> list[np.ndarray]:
    """Return the rows of each batch of an epoch, in their order: what kit.training.batches' LengthGroups and Shuffled give."""
    import numpy as np

    order, shuffled = _drawn(len(lengths), -(-len(lengths) // batch_size), seed)
    if grouped:
        width = GROUPED * batch_size
        parts = [order[i : i + width] for i in range(0, len(order), width)]
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    made = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if not grouped or len(made) < 2:
        return made
    return [made[i] for i in shuffled] + made[-1:]


@lru_cache(maxsize=8)
def _drawn(rows: int, groups: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Return the order of an epoch's rows, and that of its batches but the last: sliders ask again and again."""
    import numpy as np

    if rows > EXACT:
        chance = np.random.default_rng(seed)
        return chance.permutation(rows), chance.permutation(groups - 1).tolist()
    drawn = Drawn(seed)
    return drawn.permutation(rows), drawn.permutation(groups - 1).tolist()
