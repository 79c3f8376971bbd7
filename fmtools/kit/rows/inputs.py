"""What to predict, from what was typed and from data: plain JSON objects, one an answer."""

from __future__ import annotations

from typing import Any

from ...core.contracts import Dataset
from ...core.errors import FmError
from ...core.options import PredictOptions
from .columns import guess_pair, guess_text_column


def texts(options: PredictOptions, data: Dataset | None, column: str | None = None) -> list[dict[str, Any]]:
    """Return {"text": ...} for every typed text and then every row; a missing text is an empty one, so that answers line
    up with rows. `column`: where the run's own text stood, taken when the data have it."""
    found = [{"text": text} for text in options.text]
    for table in data.splits.values() if data is not None else ():
        wanted = options.text_column or (column if column in table.column_names else None)
        name, _ = guess_text_column(table, wanted)
        found += [{"text": "" if value is None else str(value)} for value in table[name].to_pylist()]
    if not found:
        raise FmError("There is nothing to predict.", 'Give --text "a sentence" or --data FILE.')
    return found


def pairs(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"text": ..., "pair": ...}: each --text with its --pair, then every row of the data."""
    if len(options.text) != len(options.pair):
        raise FmError(
            f"This run reads two texts at a time: there are {len(options.text)} --text and {len(options.pair)} --pair.",
            "Give one --pair for each --text.",
        )
    found = [{"text": a, "pair": b} for a, b in zip(options.text, options.pair, strict=True)]
    for table in data.splits.values() if data is not None else ():
        wanted = [options.text_column or meta["text_column"], options.pair_column or meta["pair_column"]]
        names = guess_pair(table, *[name if name in table.column_names else None for name in wanted])
        if names is None:
            raise FmError(
                "The data have no two columns of texts.",
                f"Name them: --text-column and --pair-column, of {', '.join(table.column_names)}.",
            )
        columns = [["" if value is None else str(value) for value in table[name].to_pylist()] for name in names]
        found += [{"text": a, "pair": b} for a, b in zip(*columns, strict=True)]
    if not found:
        raise FmError("There is nothing to predict.", 'Give --text "..." --pair "...", or --data FILE.')
    return found
