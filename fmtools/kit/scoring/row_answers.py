"""What a model says of each row, as values that can be compared: how often does an optimized model say something else?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .details import detail, texts_of

#: Rows that are shown where two models differ.
SHOWN = 50


def of(task: Any, outputs: Any, truth: Any, meta: dict[str, Any]) -> tuple[list[Any], str]:
    """Return (one comparable answer for every unit, what a unit is) of `Task.outputs`.

    Labels for classes, tags for tokens, texts for answers and for what is written; for anything else what the row adds to
    the score. An empty list where the task says nothing of single rows.
    """
    labels = meta.get("labels") or []
    if isinstance(outputs, np.ndarray) and outputs.ndim == 2 and labels and outputs.shape[1] == len(labels):
        if meta.get("multi_label"):
            return [tuple(labels[i] for i in np.flatnonzero(row > 0)) for row in outputs], "rows"
        return [labels[i] for i in outputs.argmax(-1)], "rows"
    if hasattr(outputs, "tags"):
        return [str(labels[int(tag)]) if labels else int(tag) for tags in outputs.tags for tag in tags], "tokens"
    if isinstance(outputs, list) and outputs and isinstance(outputs[0], dict) and "answer" in outputs[0]:
        return [row["answer"] for row in outputs], "questions"
    from .row_outcomes import of as outcomes_of

    found = outcomes_of(task, outputs, truth, meta)
    return ([tuple(np.round(row, 3)) for row in found.stats], found.unit) if found is not None else ([], "rows")


def agreement(one: Sequence[Any], other: Sequence[Any]) -> float | None:
    """Return the share of units that both answer alike; None where nothing is known of them."""
    return float(np.mean([a == b for a, b in zip(one, other, strict=True)])) if one else None


def by_class(one: Sequence[Any], other: Sequence[Any]) -> list[list[Any]]:
    """Return [label, units that the original gives it, how many of them the other calls something else], most changes first."""
    if not one or not isinstance(one[0], str):
        return []
    total = Counter(one)
    changed = Counter(a for a, b in zip(one, other, strict=True) if a != b)
    return [[name, count, changed[name]] for name, count in sorted(total.items(), key=lambda i: (-changed[i[0]], i[0]))]


def differing(
    one: Sequence[Any], other: Sequence[Any], rows: Any, truth: Any, meta: dict[str, Any], names: tuple[str, str]
) -> list[dict[str, Any]]:
    """Return a table of the rows (Arrow) that two models answer differently, to browse; names: what the two are called."""
    if len(one) != rows.num_rows:
        return []
    texts = texts_of(rows).get("texts") or ["" for _ in one]
    labels, alone = meta.get("labels") or [], isinstance(truth, np.ndarray) and truth.ndim == 1
    found = [
        [texts[i], str(labels[int(truth[i])]) if alone and labels else None, _words(a), _words(b)]
        for i, (a, b) in enumerate(zip(one, other, strict=True))
        if a != b
    ]
    title = "rows that they answer differently"
    return [detail(title, ["text", "truth", *names], found[:SHOWN], kind="table")] if found else []


def _words(answer: Any) -> str:
    return ", ".join(map(str, answer)) if isinstance(answer, tuple) else str(answer)
