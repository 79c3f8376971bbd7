"""The set `reviews` (4,000 product reviews, great or other), 2 epochs, beside frozen MiniLM."""

from __future__ import annotations

import csv
from pathlib import Path

from fmtools.runtime import launch

from . import quality
from .figures import Figure
from .settings import Settings, scratch

#: Reviews are long: 128 tokens, the default, cut half of them. The set has a test split of its own, so that few rows need
#: to be held out for watching.
OPTIONS = {"epochs": 2, "max_length": 256, "validation": 0.01}


def run(settings: Settings) -> list[Figure]:
    """Train on `reviews`; quick: on a few rows of it."""
    if not settings.quick:
        return quality.compare("reviews", OPTIONS, (0.86, 0.844), settings)
    with scratch() as folder:
        return quality.compare(str(_few(folder)), {**OPTIONS, "epochs": 1}, (0.86, 0.844), settings)


def _few(folder: Path, each: int = 40) -> Path:
    """Write a few short reviews of each kind as CSV files, a split each."""
    for split, table in launch.load("reviews").splits.items():
        rows = sorted(
            zip(table["review"].to_pylist(), table["score"].to_pylist(), strict=True), key=lambda r: len(r[0])
        )
        chosen = [row for label in ("great", "other") for row in [r for r in rows if r[1] == label][:each]]
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("review", "score"), *chosen])
    return folder
