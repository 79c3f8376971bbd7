"""Kept data: the list of names and versions, and what changed from one version to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .data import WIDTH, seen, text_cell, total
from .language import say
from .markup import MUTED, esc, table
from .tables import ago, plain
from .words import size_words


def kept_rows(versions: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a line for each version: name, rows, when, from what, recipe, size."""
    return [
        [
            v["label"],
            v["hash"][:6],
            f"{sum(v['rows'].values()):,}" if v["rows"] else "–",
            ago(v["created"]) if v["created"] else "–",
            seen(v["from"]),
            "; ".join(v["recipe"]) or "–",
            size_words(v["size"]),
        ]
        if not v["fault"]
        else [v["label"], v["hash"][:6], "–", "–", v["fault"], "–", size_words(v["size"])]
        for v in versions
    ]


def kept_text(versions: Sequence[dict[str, Any]], home: str) -> str:
    """Return the list of kept data."""
    if not versions:
        return f"{say('nothing kept yet')} ({home}): %fm_data FILE --name NAME"
    return plain(_kept_header(), kept_rows(versions), left=6)


def kept_html(versions: Sequence[dict[str, Any]], home: str) -> str:
    """Return the list of kept data as a table."""
    if not versions:
        return (
            f"<i>{esc(say('nothing kept yet'))}</i> <span style='{MUTED}'>{esc(home)}: %fm_data FILE --name NAME</span>"
        )
    return table(
        [esc(name) for name in _kept_header()], ([esc(cell) for cell in row] for row in kept_rows(versions)), left=6
    )


def _kept_header() -> list[str]:
    return [say("name"), "hash", say("rows"), say("age"), say("from"), say("recipe"), say("disk")]


def diff_lines(facts: dict[str, Any]) -> list[str]:
    """Return what changed, in sentences."""
    lines = [f"{facts['old']}: {total(facts['rows']['old'])}", f"{facts['new']}: {total(facts['rows']['new'])}"]
    counts = {say(what): facts[what] for what in ("added", "removed", "changed", "moved", "same")}
    lines.append(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    lines += [f"{say('matched by')} {facts['key']}"] if facts["key"] else []
    for what in ("added", "removed"):
        lines += (
            [f"{say('columns')} {say(what)}: {', '.join(facts['columns'][what])}"] if facts["columns"][what] else []
        )
    return lines


def diff_text(facts: dict[str, Any], steps: dict[str, list[str]]) -> str:
    """Return what changed between two versions."""
    lines = [
        *diff_lines(facts),
        *(f"  + {step}" for step in steps["added"]),
        *(f"  - {step}" for step in steps["removed"]),
    ]
    labels = [
        [row["label"], f"{row['old']:,}", f"{row['new']:,}"] for row in facts["labels"] if row["old"] != row["new"]
    ]
    lines += [plain([say("label"), facts["old"], facts["new"]], labels)] if labels else []
    for change in facts["examples"]["changed"]:
        lines += [f"  ~ {name}: {seen(a)!r} -> {seen(b)!r}" for name, (a, b) in change["columns"].items()]
    for what, sign in (("removed", "-"), ("added", "+")):
        lines += [f"  {sign} {seen(row['text'])}" for row in facts["examples"][what]]
    return "\n".join(lines)


def diff_html(facts: dict[str, Any], steps: dict[str, list[str]]) -> str:
    """Return what changed between two versions, with examples."""
    said = "".join(f"<div>{esc(line)}</div>" for line in diff_lines(facts))
    recipe = "".join(
        f"<div>{sign} <code>{esc(step)}</code></div>"
        for what, sign in (("added", "+"), ("removed", "−"))
        for step in steps[what]
    )
    labels = [
        [esc(row["label"]), f"{row['old']:,}", f"{row['new']:,}"] for row in facts["labels"] if row["old"] != row["new"]
    ]
    counts = table([esc(say("label")), esc(facts["old"]), esc(facts["new"])], labels) if labels else ""
    rows = [
        ["~", esc(name), text_cell(a), text_cell(b)]
        for change in facts["examples"]["changed"]
        for name, (a, b) in change["columns"].items()
    ]
    rows += [["−", esc(row["split"]), text_cell(row["text"]), ""] for row in facts["examples"]["removed"]]
    rows += [["+", esc(row["split"]), "", text_cell(row["text"])] for row in facts["examples"]["added"]]
    shown = table(["", "", esc(facts["old"]), esc(facts["new"])], rows, left=4) if rows else ""
    return f'<div style="font-family:system-ui,sans-serif;max-width:{WIDTH}px">{said}{recipe}{counts}{shown}</div>'
