"""What else there is to see of an evaluation, in the shape that every view draws: core.wire.Detail as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...core.wire import Detail

#: Rows of a detail, and characters of a text in it: they travel with the run's card.
ROWS, CHARACTERS = 50, 300
BINS = 10


def detail(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, kind: Any = "table", note: str = ""
) -> dict[str, Any]:
    """Return one detail; long texts are cut, numpy numbers become plain ones, at most ROWS rows are kept for the long kinds."""
    plain = [[_plain(cell) for cell in row] for row in rows]
    kept = plain if kind in ("table", "calibration") else plain[:ROWS]
    return Detail(title=title, kind=kind, columns=list(columns), rows=kept, note=note).model_dump()


def _plain(value: Any) -> str | float | int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    text = str(value)
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"


def calibration(confidence: np.ndarray, right: np.ndarray) -> tuple[dict[str, Any], float]:
    """Return (a reliability table of ten equal bins, the expected calibration error).

    confidence: the probability given to the answer [rows]; right: whether it was right [rows]. The error is the mean of
    |accuracy - confidence| over the bins, weighted by their rows (Guo et al. 2017).
    """
    known = np.isfinite(confidence)
    if not known.all():  # a model that says NaN is sure of nothing
        return detail("calibration", ["confidence", "accuracy", "rows"], [], kind="calibration"), float("nan")
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    rows, error = [], 0.0
    for place in range(BINS):
        inside = places == place
        if not inside.any():
            continue
        sure, true = float(confidence[inside].mean()), float(right[inside].mean())
        rows.append([sure, true, int(inside.sum())])
        error += abs(sure - true) * float(inside.mean())
    return detail("calibration", ["confidence", "accuracy", "rows"], rows, kind="calibration"), error


def worst(
    rows: Iterable[Sequence[Any]], columns: Sequence[str] = ("text", "truth", "predicted", "confidence")
) -> dict[str, Any]:
    """Return the rows a model got wrong, the surest first, to browse; the caller has sorted them."""
    return detail("worst errors", columns, rows, kind="errors")


def texts_of(table: Any) -> dict[str, list[str]]:
    """Return {"texts": [...]}, the rows of a prepared table (Arrow) as people read them, for `score` to show its errors with."""
    names = [name for name in ("text", "pair") if name in table.column_names]
    if "text" not in names:
        return {}
    columns = [table[name].to_pylist() for name in names]
    return {"texts": [" ⏐ ".join(parts) for parts in zip(*columns, strict=True)]}
