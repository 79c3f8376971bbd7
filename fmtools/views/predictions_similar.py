"""How alike texts are: scored pairs, the nearest texts of a collection, and vectors as a strip of colours."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, bar, esc, table

Row = dict[str, Any]
BLUE, RED = "#1a6ed8", "#c62828"
#: Characters of a text in a table, numbers of a vector that are drawn or printed.
SHOWN, DRAWN, PRINTED = 160, 96, 6


def fits(row: Row) -> bool:
    """Say whether an answer is a likeness, a search or a vector."""
    return "embedding" in row or ("pair" in row and "label" not in row) or _is_search(row)


def _is_search(row: Row) -> bool:
    return "label" not in row and bool(row.get("top")) and "row" in row["top"][0]


def text(rows: list[Row]) -> str:
    """Return one line a pair or vector; below a text that asked, its neighbours."""
    return "\n".join(line for row in rows for line in _lines(row))


def _lines(row: Row) -> list[str]:
    if "embedding" in row:
        numbers = " ".join(f"{value:+.3f}" for value in row["embedding"][:PRINTED])
        return [f"{row['dimension']}  [{numbers} ...]  {_short(row['text'])}"]
    if "pair" in row:
        return [f"{row['score']:+.3f}  {_short(row['text'])}  |  {_short(row['pair'])}"]
    return [
        _short(row["text"]),
        *(f"  {one['score']:+.3f}  {one['row']:>5}  {_short(one['text'])}" for one in row["top"]),
    ]


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def html(rows: list[Row]) -> str:
    """Return a table of pairs or vectors; for searches one table a text that asked."""
    if "embedding" in rows[0]:
        lines = [[esc(_short(row["text"])), str(row["dimension"]), _strip(row["embedding"])] for row in rows]
        return table([say("text"), say("dimension"), say("vector")], lines, left=1)
    if "pair" in rows[0]:
        lines = [[esc(_short(r["text"])), esc(_short(r["pair"])), _bar(r["score"]), f"{r['score']:.3f}"] for r in rows]
        return table([say("text"), say("other text"), "", say("score")], lines, left=3)
    return "".join(_search(row) for row in rows)


def _search(row: Row) -> str:
    lines = [
        [
            esc(_short(one["text"])),
            f'<span style="{MUTED}">{one["row"]}</span>',
            _bar(one["score"]),
            f"{one['score']:.3f}",
        ]
        for one in row["top"]
    ]
    shown = table([say("nearest texts"), say("row"), "", say("score")], lines, left=1)
    return f'<div style="margin:8px 0"><b>{esc(_short(row["text"]))}</b>{shown}</div>'


def _bar(score: float) -> str:
    return f'<div style="width:90px">{bar(max(0.0, score), BLUE)}</div>'


def _strip(vector: list[float]) -> str:
    """Draw a vector's first numbers as stripes: blue above zero, red below, the stronger the larger."""
    most = max((abs(value) for value in vector[:DRAWN]), default=1.0) or 1.0
    stripes = "".join(
        f'<span style="display:inline-block;width:3px;height:14px;background:{BLUE if value >= 0 else RED};'
        f'opacity:{abs(value) / most:.2f}"></span>'
        for value in vector[:DRAWN]
    )
    return f'<span style="white-space:nowrap">{stripes}</span>'
