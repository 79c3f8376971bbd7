"""What an encoder-decoder wrote from a text: translations and summaries, with other ways to say it where beams found some."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc, table
from .tables import plain

Row = dict[str, Any]
KEYS = {"translation_text": "translation", "summary_text": "short version"}


def fits(row: Row) -> bool:
    """Say whether an answer was written from a source."""
    return any(key in row for key in KEYS)


def _key(row: Row) -> str:
    return next(key for key in KEYS if key in row)


def text(rows: list[Row]) -> str:
    """Return source and translation beside each other when both are short, else one below the other."""
    key = _key(rows[0])
    pairs = [[" ".join(str(row["text"]).split()), str(row[key])] for row in rows]
    if all(len(a) <= 48 and len(b) <= 60 for a, b in pairs):
        return plain([say("source"), say(KEYS[key])], pairs, left=2)
    return "\n\n".join(f"> {source}\n{written}" for source, written in pairs)


def html(rows: list[Row]) -> str:
    """Return a line a source: what was written, and the runners-up muted below it."""
    key = _key(rows[0])
    return table([say("source"), say(KEYS[key])], [[esc(row["text"]), _written(row, key)] for row in rows], left=2)


def _written(row: Row, key: str) -> str:
    others = "".join(
        f'<div style="{MUTED}">{esc(other[key])} {other["score"]:.2f}</div>' for other in row.get("top", [])[1:]
    )
    return f"<b>{esc(row[key])}</b>{others}"
