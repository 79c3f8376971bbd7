"""What else there is to see of an evaluation, as HTML and as text: tables, calibration, worst errors, written texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.wire import Detail
from .language import say
from .markup import MUTED, esc, table

#: Rows of each detail in a static card; the live one shows all.
ROWS, TEXT_ROWS = 8, 20
SIDE = 150


def details_html(details: Sequence[Detail], rows: int = ROWS) -> str:
    """Return every detail under its title, folded; calibration also as a picture."""
    return "".join(_detail(detail, rows) for detail in details if detail.rows)


def _detail(detail: Detail, rows: int) -> str:
    texts = [any(isinstance(row[i], str) for row in detail.rows) for i in range(len(detail.columns))]
    left = max((i + 1 for i, is_text in enumerate(texts) if is_text), default=0)
    shown = detail.rows if detail.kind in ("table", "calibration") else detail.rows[:rows]
    body = table(
        [esc(say(name)) for name in detail.columns], ([esc(_cell(cell)) for cell in row] for row in shown), left=left
    )
    picture = reliability_svg(detail) if detail.kind == "calibration" else ""
    note = f'<div style="{MUTED}">{esc(detail.note)}</div>' if detail.note else ""
    return f"<details><summary>{esc(say(detail.title))}</summary>{note}{picture}{body}</details>"


def _cell(cell: Any) -> str:
    if cell is None:
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)


def reliability_svg(detail: Detail) -> str:
    """Return accuracy over confidence, a dot a bin, as an inline SVG: on the diagonal a model is as right as it is sure."""
    bins = [tuple(float(cell) for cell in row if isinstance(cell, int | float)) for row in detail.rows]
    total = sum(count for *_, count in bins) or 1.0
    room = SIDE - 24
    dots = "".join(
        f'<circle cx="{12 + sure * room:.1f}" cy="{SIDE - 12 - right * room:.1f}" '
        f'r="{2 + 8 * (count / total) ** 0.5:.1f}" fill="#1a6ed8" fill-opacity=".75"/>'
        for sure, right, count in bins
    )
    return (
        f'<svg width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{esc(say("calibration"))}">'
        f'<rect x="12" y="12" width="{room}" height="{room}" fill="none" stroke="#999"/>'
        f'<line x1="12" y1="{SIDE - 12}" x2="{SIDE - 12}" y2="12" stroke="#999" stroke-dasharray="3 3"/>{dots}</svg>'
    )


def details_text(details: Sequence[Detail]) -> str:
    """Return the tables among the details as plain text; long texts are for the notebook."""
    from .tables import plain

    found = []
    for detail in details:
        if detail.kind == "table" and detail.rows:
            cells = [[_cell(cell) for cell in row] for row in detail.rows[:TEXT_ROWS]]
            found.append(f"{say(detail.title)}\n{plain([say(name) for name in detail.columns], cells)}")
    return "\n\n".join(found)
