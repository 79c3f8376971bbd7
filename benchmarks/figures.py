"""Figures: what was measured, how often, how far apart, and what was hoped for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True)
class Aim:
    """A bound that the middle value should keep: Aim("<=", 1.0)."""

    sign: str
    bound: float

    def met(self, value: float) -> bool:
        """Say whether `value` keeps the bound; NaN keeps none."""
        return value <= self.bound if self.sign == "<=" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One line of a result. `value` is the median of `values`; of failures, counted as 0 and 1, it is the mean."""

    name: str
    values: Sequence[float]
    unit: str = ""
    aim: Aim | None = None
    share: bool = False
    note: str = field(default="", compare=False)

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def value(self) -> float:
        return sum(self.values) / self.n if self.share else median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The middle half of the values; for a share of failures, its 95 % bounds (Wilson)."""
        if self.share:
            return wilson(sum(self.values), self.n)
        if self.n < 4:
            return min(self.values), max(self.values)
        low, _, high = quantiles(self.values, n=4, method="inclusive")
        return low, high

    @property
    def met(self) -> bool | None:
        """Whether the aim was reached; None where there is none."""
        return self.aim.met(self.value) if self.aim else None

    def to_json(self) -> dict[str, Any]:
        """Return everything, the single values too, so that another reader can do other statistics."""
        low, high = self.spread
        aim = str(self.aim) if self.aim else None
        return {**asdict(self), "value": self.value, "low": low, "high": high, "n": self.n, "aim": aim, "met": self.met}


def wilson(failures: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share: `failures` of `n`. None of 20 still allows 16 %."""
    z, p = 1.96, failures / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return max(0.0, min(low, p)), min(1.0, max(high, p))  # rounding must not put the share itself outside


def in_turns(n: int, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Measure both `n` times: ours, peer, peer, ours, ours ... so that a machine that slows down slows both."""
    seen: dict[bool, list[float]] = {True: [], False: []}
    for i in range(n):
        for first in (i % 2 == 0, i % 2 == 1):
            seen[first].append(ours() if first else peer())
    return seen[True], seen[False]


def ratios(ours: Sequence[float], peer: Sequence[float]) -> list[float]:
    """Return the ratio of each pair that was measured side by side."""
    return [a / b for a, b in zip(ours, peer, strict=True)]


def number(value: float) -> str:
    """Return a number with four figures that count."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines of text, one a figure, in columns."""
    head = ("figure", "middle", "spread", "unit", "n", "aim", "")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    low, high = figure.spread
    said = {True: "met", False: "MISSED", None: ""}[figure.met]
    note = f"({figure.note})" if figure.note else ""
    spread = f"{number(low)} .. {number(high)}"
    aim = str(figure.aim) if figure.aim else ""
    return figure.name, number(figure.value), spread, figure.unit, str(figure.n), aim, f"{said} {note}".strip()
