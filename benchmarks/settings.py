"""How a benchmark is asked to run, and the store it runs in."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fmtools.kit.fetching.assets import cache_root

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Settings:
    """`quick`: prove that it runs, on tiny data; the figures then mean little. `n`: repeats instead of the default."""

    quick: bool = False
    n: int | None = None
    notebook: Path | None = None

    def repeats(self, full: int, quick: int) -> int:
        """Return how often to measure."""
        return self.n or (quick if self.quick else full)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is removed afterwards, with a run store in it, for this process and for its children."""
    with tempfile.TemporaryDirectory(prefix="fmtools-bench-") as name:
        folder = Path(name)
        own = {
            "FMTOOLS_HOME": str(folder / "store"),
            "FMTOOLS_CACHE": str(cache_root()),  # what was fetched stays in sight
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        before = {key: os.environ.get(key) for key in own}
        os.environ.update(own)
        try:
            yield folder
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value
