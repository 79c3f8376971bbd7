"""Several labels a row: how they are written, and how the text of a cell becomes a list."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .columns import LABEL_NAMES
from .labels import label_text

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ("|", ";", ",")
#: Guesses need this share of the rows to have a separator, and labels that come back as often as this on average.
SHARE, TIMES = 0.05, 3.0


def is_listed(table: pa.Table, column: str) -> bool:
    """Say whether a column holds lists."""
    import pyarrow as pa

    kind = table.schema.field(column).type
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def listed_label(table: pa.Table) -> str | None:
    """Return the column of lists whose name says that it holds labels, if there is one."""
    names = [name for name in table.column_names if name.strip().lower() in LABEL_NAMES and is_listed(table, name)]
    return names[0] if names else None


def find_separator(values: list[Any], wanted: bool) -> str | None:
    """Return what divides the labels of a cell; None when cells seem to hold one label each.

    A comma is taken only when the user said that there are several (`wanted`): names have commas too.
    """
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    for separator in SEPARATORS if wanted else SEPARATORS[:2]:
        divided = [text for text in texts if separator in text]
        parts = Counter(part.strip() for text in texts for part in text.split(separator) if part.strip())
        if len(divided) >= (1 if wanted else SHARE * len(texts)) and divided and parts.total() >= TIMES * len(parts):
            return separator
    return SEPARATORS[0] if wanted else None


def divide(value: Any, separator: str) -> list[str] | None:
    """Return the labels of a cell, each once, in their order; None for a missing cell, [] for one that says "none"."""
    if value is None or value != value:
        return None
    parts = value if isinstance(value, list) else str(value).split(separator) if separator else [value]
    return list(dict.fromkeys(text for part in parts if (text := label_text(part)) is not None))
