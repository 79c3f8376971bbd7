"""Entities in their texts: marked in colours, one a type."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, SERIES_COLOURS, esc

Row = dict[str, Any]


def fits(row: Row) -> bool:
    """Say whether an answer is a text with entities."""
    return "entities" in row and "text" in row


def text(rows: list[Row]) -> str:
    """Return each text with its entities in brackets: [Ada Lovelace | PER 0.99] lived in [London | LOC 0.98]."""
    return "\n".join("".join(_plain(*part) for part in _parts(row)) for row in rows)


def _plain(words: str, entity: Row | None) -> str:
    return words if entity is None else f"[{words} | {entity['entity_group']} {entity['score']:.2f}]"


def html(rows: list[Row]) -> str:
    """Return each text with coloured entities; the pointer over one shows how sure the model is."""
    kinds = sorted({entity["entity_group"] for row in rows for entity in row["entities"]})
    colours = {kind: SERIES_COLOURS[i % len(SERIES_COLOURS)] for i, kind in enumerate(kinds)}
    nothing = f' <span style="{MUTED}">({esc(say("nothing found"))})</span>'
    lines = [
        "".join(_marked(words, entity, colours) for words, entity in _parts(row)) + ("" if row["entities"] else nothing)
        for row in rows
    ]
    body = "".join(f'<div style="margin:6px 0;line-height:2;white-space:pre-wrap">{line}</div>' for line in lines)
    return f'<div style="max-width:1000px">{body}</div>'


def _marked(words: str, entity: Row | None, colours: dict[str, str]) -> str:
    if entity is None:
        return esc(words)
    colour = colours[entity["entity_group"]]
    return (
        f'<span title="{entity["score"]:.3f}" style="border:1px solid {colour};background:{colour}22;border-radius:4px;padding:1px 4px">'
        f'{esc(words)}<span style="color:{colour};font-size:.75em;font-weight:600;margin-left:4px">{esc(entity["entity_group"])}</span></span>'
    )


def _parts(row: Row) -> list[tuple[str, Row | None]]:
    """Divide a text into what is an entity and what stands between."""
    found: list[tuple[str, Row | None]] = []
    at = 0
    for entity in sorted(row["entities"], key=lambda entity: int(entity["start"])):
        found += [(row["text"][at : entity["start"]], None), (row["text"][entity["start"] : entity["end"]], entity)]
        at = entity["end"]
    return [part for part in (*found, (row["text"][at:], None)) if part[0]]
