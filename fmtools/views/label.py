"""Labelling without its widget: how far one is, and the rows that come first, as text and as HTML."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, bar, esc, table
from .tables import plain

#: Characters of a row that a table shows.
SHOWN = 90


def label_text(facts: dict[str, Any], first: list[dict[str, Any]]) -> str:
    """Return the summary as plain text."""
    rows = [[str(row["row"]), _cut(row["text"]), _given(row), reason(row["why"])] for row in first]
    shown = plain([say("row"), say("text"), say("label"), say("why")], rows, left=4) if rows else ""
    return "\n".join(part for part in (headline(facts), *facts["notices"], shown) if part)


def label_html(facts: dict[str, Any], first: list[dict[str, Any]]) -> str:
    """Return the summary as HTML: what a notebook shows where no kernel answers."""
    p = facts["progress"]
    rows = [[esc(row["row"]), esc(_cut(row["text"])), esc(_given(row)), esc(reason(row["why"]))] for row in first]
    shown = table([esc(say(name)) for name in ("row", "text", "label", "why")], rows, left=4) if rows else ""
    notices = "".join(f'<div style="{MUTED}">{esc(line)}</div>' for line in facts["notices"])
    done = bar(p["done"] / max(1, p["rows"]), "#1a6ed8")
    style = "font-family:system-ui,sans-serif;max-width:860px"
    return f'<div style="{style}"><b>{esc(headline(facts))}</b>{done}{notices}{shown}</div>'


def headline(facts: dict[str, Any]) -> str:
    """Say how far one is: "Labels of shop@v1: 12 of 300 rows done, 3 changed, 1 removed"."""
    p = facts["progress"]
    more = [f"{p[what]:,} {say(what)}" for what in ("changed", "removed", "skipped") if p[what]]
    counts = ", ".join([f"{p['done']:,} / {p['rows']:,} {say('rows done')}", *more])
    return f"{say('Labels of')} {facts['version']}: {counts}"


def reason(why: dict[str, Any] | None) -> str:
    """Say why a row comes early."""
    if not why:
        return ""
    sure = f"{100 * float(why.get('score', 0)):.0f} %"
    if why["kind"] == "uncertain":
        return f"{why['guess']} {sure}, {why['other']} {100 * float(why['other_score']):.0f} %"
    if why["kind"] == "no-entity":
        return f"{say('the model does not find')} {why['word']} ({why['given']})"
    what = f"{why['word']} = {why['guess']}" if why["kind"] == "entity" else str(why["guess"])
    return f"{say('the model says')} {what} ({sure})"


def _given(row: dict[str, Any]) -> str:
    return ", ".join(row["given"]) or "–"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
