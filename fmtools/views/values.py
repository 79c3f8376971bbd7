"""Values as they stand in raw records: checked without a model, since a run has tens of thousands of them."""

from __future__ import annotations

from typing import Any

_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
#: Longest text taken from an event; a longer one is cut.
LONGEST = 20_000


def whole(value: Any) -> int:
    """Return an integer that fits 64 bits. Raises TypeError or OverflowError for anything else."""
    if type(value) is not int:
        raise TypeError(value)
    if not -(2**63) <= value < 2**63:
        raise OverflowError(value)
    return value


def real(value: Any, default: float | None = None) -> float:
    """Return a float; the log writes NaN and infinities as words. Raises TypeError without a default."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if default is None:
        raise TypeError(value)
    return default


def text(value: Any) -> str:
    """Return a text of bounded length; "" for None."""
    return "" if value is None else str(value)[:LONGEST]


def scores(value: Any) -> dict[str, float]:
    """Return the metrics of an event, without those that are no numbers."""
    return {text(name): real(v) for name, v in value.items() if type(v) in (int, float) or v in tuple(_WORDS)}


def rows(value: Any) -> dict[str, int]:
    """Return the row counts of a plan, without those that are no counts."""
    return {text(name): v for name, v in value.items() if type(v) is int} if isinstance(value, dict) else {}
