"""What a model wrote, behind what it went on from, or below what it answers."""

from __future__ import annotations

from typing import Any

from .markup import MUTED, esc

Row = dict[str, Any]


def fits(row: Row) -> bool:
    """Say whether an answer is a text that a language model wrote."""
    return "generated_text" in row and "text" in row


def text(rows: list[Row]) -> str:
    """Return each text as it stands; an answer below its question."""
    return "\n\n".join(
        str(row["generated_text"]) if _goes_on(row) else f"> {row['text']}\n{row['generated_text']}" for row in rows
    )


def html(rows: list[Row]) -> str:
    """Return each text: what was given muted, what was written in front; an answer below its question."""
    body = "".join(f'<div style="margin:8px 0;white-space:pre-wrap">{_drawn(row)}</div>' for row in rows)
    return f'<div style="max-width:800px">{body}</div>'


def _drawn(row: Row) -> str:
    given, whole = str(row["text"]), str(row["generated_text"])
    if _goes_on(row):
        return f'<span style="{MUTED}">{esc(given)}</span>{esc(whole[len(given) :])}'
    bubble = "border-left:3px solid #1a6ed8;padding-left:10px;margin-top:3px"
    return f'<div style="{MUTED}">{esc(given)}</div><div style="{bubble}">{esc(whole)}</div>'


def _goes_on(row: Row) -> bool:
    """Say whether what came out begins with what was given; an answer to a message does not."""
    return "messages" not in row and str(row["generated_text"]).startswith(str(row["text"]))
