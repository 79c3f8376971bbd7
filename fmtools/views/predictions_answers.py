"""Answers marked in the text they were found in."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, bar, esc, table
from .tables import plain

Row = dict[str, Any]
#: Characters of the context around an answer.
AROUND, AROUND_TEXT = 240, 30


def fits(row: Row) -> bool:
    """Say whether an answer is a span of a context."""
    return all(key in row for key in ("question", "context", "answer", "start", "end"))


def _around(row: Row, most: int) -> tuple[str, str, str]:
    """Return (before, answer, after), cut to `most` characters on each side."""
    context, start, end = str(row["context"]), int(row["start"]), int(row["end"])
    before, after = context[max(0, start - most) : start], context[end : end + most]
    before = f"…{before}" if start > most else before
    return before, context[start:end], f"{after}…" if end + most < len(context) else after


def text(rows: list[Row]) -> str:
    """Return one line a question: the answer, its probability, and where it stands."""
    lines = []
    for row in rows:
        before, found, after = (" ".join(part.split()) for part in _around(row, AROUND_TEXT))
        shown = f"{before} [{found}] {after}".strip() if row["answer"] else f"({say('no answer')})"
        lines.append([str(row["question"]), str(row["answer"]) or "–", f"{row['score']:.3f}", shown])
    return plain([say("question"), say("answer"), say("score"), say("context")], lines, left=4)


def html(rows: list[Row]) -> str:
    """Return one line a question: the answer, its probability, the runners-up, and the context with the answer marked."""
    lines = [
        [
            esc(row["question"]),
            f"<b>{esc(row['answer'] or say('no answer'))}</b>{_others(row)}",
            f'<div style="width:70px">{bar(row["score"], "#1a6ed8")}</div>',
            f"{row['score']:.3f}",
            _marked(row),
        ]
        for row in rows
    ]
    return table([say("question"), say("answer"), "", say("score"), say("context")], lines, left=5)


def _others(row: Row) -> str:
    shown = [f"{esc(other['answer'] or say('no answer'))} {other['score']:.2f}" for other in row.get("top", [])[1:]]
    return f'<div style="{MUTED}">{", ".join(shown)}</div>' if shown else ""


def _marked(row: Row) -> str:
    before, found, after = (esc(part) for part in _around(row, AROUND))
    mark = f'<mark style="background:#ffe58f;color:#000;padding:0 2px">{found}</mark>' if row["answer"] else ""
    return f'<div style="white-space:pre-wrap;max-width:520px">{before}{mark}{after}</div>'
