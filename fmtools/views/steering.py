"""What a run was asked for and what it answered, as text and as HTML."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, chip, esc
from .words import control_words


def _rows(wishes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    waiting = say("not yet: a run obeys at the end of its step")
    return [
        (
            control_words(wish["action"], wish["value"], "").rstrip("."),
            waiting if wish["step"] is None else f"{say('step')} {wish['step']}",
        )
        for wish in wishes
    ]


def _scores(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def obeyed_text(run: str, status: str, wishes: list[dict[str, Any]], metrics: dict[str, float]) -> str:
    """Return a line a wish with the step at which it was obeyed, and the scores of the evaluation among them."""
    lines = [f"{run} ({say(status)})", *(f"  {asked}: {answer}" for asked, answer in _rows(wishes))]
    return "\n".join([*lines, f"  {_scores(metrics)}"] if metrics else lines)


def obeyed_html(run: str, status: str, wishes: list[dict[str, Any]], metrics: dict[str, float]) -> str:
    """Return the same as HTML."""
    said = "".join(
        f'<div>{esc(asked)} <span style="{MUTED}">{esc(answer)}</span></div>' for asked, answer in _rows(wishes)
    )
    scores = f"<div>{esc(_scores(metrics))}</div>" if metrics else ""
    return f"<div>{chip(status, say(status))} <b>{esc(run)}</b></div>{said}{scores}"
