"""What to predict, from what was typed and from data: plain JSON objects, one an answer."""

from __future__ import annotations

from typing import Any

from ..core.contracts import Dataset
from ..core.errors import FmError
from ..core.options import PredictOptions
from .columns import guess_text_column


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
