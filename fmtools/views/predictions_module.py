"""What a module of the user's own answers: a number, or whatever its forward returned of a row."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import esc, table

Row = dict[str, Any]
#: Numbers of a list that are shown, and names of an answer that become columns.
NUMBERS, NAMES = 6, 8


def fits(row: Row) -> bool:
    """Say whether an answer is a number of a regression, or what forward returned."""
    return "prediction" in row or isinstance(row.get("answer"), dict)


def text(rows: list[Row]) -> str:
    """Return one line a row: what was answered, then what was asked."""
    return "\n".join(f"{', '.join(f'{name} {value}' for name, value in _cells(row))}  {row['text']}" for row in rows)


def html(rows: list[Row]) -> str:
    """Return a table with a column for each thing that was answered."""
    names = [name for name, _ in _cells(rows[0])][:NAMES]
    lines = [[esc(row["text"]), *(esc(dict(_cells(row)).get(name, "")) for name in names)] for row in rows]
    return table([say("text"), *(esc(say(name)) for name in names)], lines, left=1)


def _cells(row: Row) -> list[tuple[str, str]]:
    answer = {"prediction": row["prediction"]} if "prediction" in row else row["answer"]
    return [(str(name), _number(value)) for name, value in answer.items()]


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(_number(one) for one in value[:NUMBERS]) + (", ...]" if len(value) > NUMBERS else "]")
    return str(value)
