"""What may stand in the gaps of a text: the likeliest tokens with their probabilities."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import bar, esc, table

Row = dict[str, Any]


def fits(row: Row) -> bool:
    """Say whether an answer is a text with its gaps filled."""
    return "gaps" in row and "sequence" in row


def text(rows: list[Row]) -> str:
    """Return each text filled with the likeliest tokens, and below it what else may stand in each gap."""
    return "\n".join(line for row in rows for line in (row["sequence"], *_lines(row)))


def _lines(row: Row) -> list[str]:
    return ["  " + ", ".join(f"{one['token_str'].strip()} {one['score']:.3f}" for one in gap) for gap in row["gaps"]]


def html(rows: list[Row]) -> str:
    """Return each text as it was filled, with a table of candidates a gap."""
    parts = []
    for row in rows:
        gaps = "".join(_candidates(gap) for gap in row["gaps"])
        parts.append(
            f'<div style="margin:8px 0"><div>{esc(row["sequence"])}</div><div style="display:flex;flex-wrap:wrap;gap:28px">{gaps}</div></div>'
        )
    return f'<div style="max-width:1000px">{"".join(parts)}</div>'


def _candidates(gap: list[Row]) -> str:
    lines = [
        [
            f"<b>{esc(one['token_str'].strip())}</b>",
            f'<div style="width:90px">{bar(one["score"], "#1a6ed8")}</div>',
            f"{one['score']:.3f}",
        ]
        for one in gap
    ]
    return table([say("token"), "", say("score")], lines, left=2)
