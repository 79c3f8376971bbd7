"""How long rows are, in tokens, for any data set a task may make."""

from __future__ import annotations

from typing import Any

#: Characters that a token stands for, about, where rows are texts still.
CHARACTERS = 4
#: Rows that are looked at one by one; longer sets repeat them.
LOOKED = 20_000


def row_lengths(rows: Any, longest: int) -> list[int]:
    """Return a length for each row: its tokens where the set says them, else the size of its texts or lists (at least 1).

    A text counts for `longest` tokens at most.
    """
    known = getattr(rows, "lengths", None)
    if known is not None:
        return [max(1, int(length)) for length in known]
    count = len(rows)
    found = [_length(rows[i], longest) for i in range(min(count, LOOKED))] or [1]
    return [found[i % len(found)] for i in range(max(1, count))]


def _length(row: Any, longest: int) -> int:
    values = row if isinstance(row, dict) else {"": row}
    ids = [value for name, value in values.items() if name.endswith("input_ids")]
    texts = sum(min(longest, 2 + len(value) // CHARACTERS) for value in values.values() if isinstance(value, str))
    lists = sum(
        len(value) for value in ids or values.values() if hasattr(value, "__len__") and not isinstance(value, str)
    )
    return max(1, texts + lists)
