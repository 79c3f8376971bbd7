"""Small pieces of HTML. Every text goes through `esc`: names, labels and tokens come from files and are not trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STATUS_COLOURS = {
    "queued": "#7a7a7a", "running": "#1a6ed8", "paused": "#b26a00", "stopped": "#7a7a7a", "interrupted": "#b26a00", "failed": "#c62828",
    "done": "#2e7d32",
}  # fmt: skip
SERIES_COLOURS = ("#1a6ed8", "#d9480f", "#2e7d32", "#8e44ad", "#b8860b", "#00838f")
#: Marks and sentences of trouble (NaN, spikes, overfitting ...), as the lab's --fm-trouble.
TROUBLE_COLOUR = "#d6336c"
MUTED = "opacity:.65"


def esc(text: object) -> str:
    """Return text that HTML shows as it stands."""
    return escape(str(text), quote=True)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table from cells that are HTML already; the first `left` columns stand left, numbers right."""

    def cells(row: Sequence[str], tag: str) -> str:
        side = ["left" if i < left else "right" for i in range(len(row))]
        return "".join(
            f'<{tag} style="text-align:{s};padding:2px 12px 2px 0;font-variant-numeric:tabular-nums">{c}</{tag}>'
            for s, c in zip(side, row, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse;margin:4px 0"><thead><tr style="{MUTED}">{cells(header, "th")}</tr></thead><tbody>{body}</tbody></table>'


def chip(status: str, word: str) -> str:
    """Return a status as a coloured word."""
    colour = STATUS_COLOURS.get(status, "#7a7a7a")
    return f'<span style="background:{colour};color:#fff;border-radius:9px;padding:1px 9px;font-size:.85em">{esc(word)}</span>'


def bar(share: float, colour: str) -> str:
    """Return a progress bar; `share` from 0 to 1."""
    width = 100 * min(1.0, max(0.0, share))
    track = "height:6px;border-radius:3px;background:rgba(128,128,128,.25);margin:6px 0"
    return f'<div style="{track}"><div style="height:6px;border-radius:3px;width:{width:.1f}%;background:{colour}"></div></div>'


def line_chart(
    curves: Sequence[tuple[str, Sequence[float], Sequence[float]]], width: int = 420, height: int = 150
) -> str:
    """Return an inline SVG of (name, steps, values) curves; points that are not finite leave a gap."""
    finite = [(x, y) for _, xs, ys in curves for x, y in zip(xs, ys, strict=True) if abs(y) < float("inf")]
    if not finite:
        return ""
    low_x, high_x = min(x for x, _ in finite), max(x for x, _ in finite)
    low_y, high_y = min(y for _, y in finite), max(y for _, y in finite)
    span_x, span_y = (high_x - low_x) or 1.0, (high_y - low_y) or 1.0

    def place(x: float, y: float) -> str:
        return f"{44 + (x - low_x) / span_x * (width - 52):.1f},{8 + (high_y - y) / span_y * (height - 30):.1f}"

    drawn = []
    for i, (name, xs, ys) in enumerate(curves):
        colour = SERIES_COLOURS[i % len(SERIES_COLOURS)]
        for run in _unbroken(xs, ys):
            points = " ".join(place(x, y) for x, y in run)
            drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        drawn.append(
            f'<text x="{50 + 130 * (i % 3)}" y="{height - 3 + 0 * i}" font-size="11" fill="{colour}">{esc(name)}</text>'
        )
    labels = f'<text x="2" y="14" font-size="10" fill="currentColor">{high_y:.3g}</text><text x="2" y="{height - 22}" font-size="10" fill="currentColor">{low_y:.3g}</text>'
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{labels}{"".join(drawn)}</svg>'


def _unbroken(xs: Sequence[float], ys: Sequence[float]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if abs(y) < float("inf"):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def heat_table(tokens: Sequence[str], weights: Sequence[Sequence[float]], size: int = 16) -> str:
    """Return an attention map [n][n] (values 0 to 1) as a table with tokens on both axes; row = the token that looks."""
    head = "".join(
        f'<th style="font-weight:400;font-size:10px;height:56px;vertical-align:bottom;padding:0"><div style="writing-mode:vertical-rl;transform:rotate(180deg);margin:auto">{esc(t)}</div></th>'
        for t in tokens
    )
    rows = []
    for token, row in zip(tokens, weights, strict=True):
        cells = "".join(
            f'<td title="{value:.2f}" style="width:{size}px;height:{size}px;padding:0;background:rgba(26,110,216,{min(1.0, value):.2f})"></td>'
            for value in row
        )
        rows.append(
            f'<tr><th style="font-weight:400;font-size:10px;text-align:right;padding:0 4px">{esc(token)}</th>{cells}</tr>'
        )
    return f'<table style="border-collapse:collapse;margin:0"><tr><th></th>{head}</tr>{"".join(rows)}</table>'
