"""Who follows a run, and what to type to look."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "following":
        return say("follows this run")
    return say("has {points} points of this run").format(points=f"{row['points']:,}")


def text(run: str, rows: list[dict[str, Any]]) -> str:
    """Return one line a tool, and the line that shows it."""
    return "\n".join(f"{row['name']} {_state(row)} ({run}): {row['line']}" for row in rows)


def html(run: str, rows: list[dict[str, Any]]) -> str:
    """Return the same with the lines to type in code type."""
    lines = (
        f"<div><b>{esc(row['name'])}</b> {esc(_state(row))} <span style='{MUTED}'>({esc(run)})</span>: <code>{esc(row['line'])}</code></div>"
        for row in rows
    )
    return "".join(lines)
