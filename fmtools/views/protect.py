"""What was found and replaced, as a card: counts by kind and column, and the audit's first lines."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc, table
from .tables import plain

AUDIT = ("split", "row", "column", "kind", "length", "by", "digest")


def protected_text(facts: dict[str, Any], sample: list[dict[str, Any]]) -> str:
    """Return the card as plain text."""
    counts = plain([say("column"), say("kind"), say("found")], _counts(facts), left=2)
    parts = [_title(facts), counts if facts.get("columns") else "", *facts.get("notices", [])]
    lines = plain([say(name) for name in AUDIT], _audit(sample), left=4) if sample else ""
    return "\n".join(part for part in (*parts, lines) if part)


def protected_html(facts: dict[str, Any], sample: list[dict[str, Any]]) -> str:
    """Return the card as HTML; the audit's lines are folded away."""
    counts = (
        table([say("column"), say("kind"), say("found")], [list(map(esc, row)) for row in _counts(facts)], left=2)
        if facts.get("columns")
        else ""
    )
    said = "".join(f'<div style="{MUTED}">{esc(line)}</div>' for line in facts.get("notices", []))
    rows = [list(map(esc, row)) for row in _audit(sample)]
    audit = (
        f"<details><summary>{esc(say('audit'))}</summary>{table([say(n) for n in AUDIT], rows, left=4)}</details>"
        if rows
        else ""
    )
    return f"<div><b>{esc(_title(facts))}</b></div>{counts}{said}{audit}"


def texts_html(texts: list[str], count: int) -> str:
    """Return texts that were restored."""
    lines = "".join(f"<div>{esc(text)}</div>" for text in texts)
    return f'{lines}<div style="{MUTED}">{esc(say("values brought back"))}: {count:,}</div>'


def _title(facts: dict[str, Any]) -> str:
    rows = ", ".join(f"{split} {count:,}" for split, count in facts["rows"].items())
    if "restored" in facts:
        kept = facts["version"] or say("in memory only; --name keeps them")
        return f"{facts['restored']}: {say('values brought back')} ({kept}); {say('rows')}: {rows}"
    found = ", ".join(f"{count:,} {say(kind)}" for kind, count in facts["found"].items()) or say("nothing found")
    gone = f"; {say('rows left out')}: {facts['dropped']:,}" if facts["dropped"] else ""
    back = say("the key brings the values back") if facts["reversible"] else say("nothing brings the values back")
    return f"{facts['version']} ({say(facts['mode'])}): {found}; {say('rows')}: {rows}{gone}; {back}"


def _counts(facts: dict[str, Any]) -> list[list[str]]:
    rows = sorted(facts.get("columns", []), key=lambda row: -row["found"])
    return [[row["column"], say(row["kind"]), f"{row['found']:,}"] for row in rows]


def _audit(sample: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            r["split"],
            f"{r['row']:,}",
            r["column"] + (f" {r['place']}" if r["place"] else ""),
            say(r["kind"]),
            f"{r['length']:,}",
            r["by"],
            r["digest"][:8],
        ]
        for r in sample
    ]
