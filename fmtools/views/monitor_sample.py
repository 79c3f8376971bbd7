"""Kept texts of a model server, de-identified: a few rows, and where the rest lies."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc, table
from .tables import plain

#: Characters of a text that are shown.
WIDTH = 90


def text(sample: dict[str, Any]) -> list[str]:
    """Return a sample as lines: what it is, a few rows; none without a sample."""
    if not sample:
        return []
    return [_title(sample), plain(_header(), _rows(sample), left=2), f"%fm_data {sample['path']}"]


def html(sample: dict[str, Any]) -> str:
    """Return a sample as HTML."""
    if not sample:
        return ""
    cells = [[esc(cell) for cell in row] for row in _rows(sample)]
    shown = table([esc(word) for word in _header()], cells, left=2)
    where = f"<code style='{MUTED}'>%fm_data {esc(sample['path'])}</code>"
    return f"<div style='margin-top:8px'>{esc(_title(sample))}</div>{shown}<div>{where}</div>"


def _title(sample: dict[str, Any]) -> str:
    sentence = say("{kept} of {seen} texts of {day} were kept; the personal data that was found in them is masked.")
    return sentence.format(kept=f"{sample['kept']:,}", seen=f"{sample['seen']:,}", day=sample["day"])


def _header() -> list[str]:
    return [say("text"), say("prediction"), say("score")]


def _rows(sample: dict[str, Any]) -> list[list[str]]:
    return [_row(row) for row in sample["rows"]]


def _row(row: dict[str, Any]) -> list[str]:
    """Return one line of a row; it may come from a store that others wrote."""
    said = " | ".join(str(value) for name, value in row.items() if name not in ("prediction", "score"))
    said = " ".join(said.split())
    score = row.get("score")
    return [
        said if len(said) <= WIDTH else f"{said[: WIDTH - 1]}…",
        str(row.get("prediction", "")),
        f"{score:.3f}" if isinstance(score, int | float) else "",
    ]
