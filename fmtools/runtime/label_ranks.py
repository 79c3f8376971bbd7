"""What was found out about rows: an order, reasons, suggestions; kept as JSON beside the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kit.labelling.spans import MarkedRow, found_by


@dataclass
class Ranks:
    """What was found out. `queue`: ranked rows, the first to be looked at first. `why`: a reason to show a row.

    `answers`: {row: [label, score]} or, for tagged rows, {row: entities}. `by`: the run that answers, and `labels`: what it may answer.
    """

    queue: list[int] = field(default_factory=list)
    why: dict[int, dict[str, Any]] = field(default_factory=dict)
    answers: dict[int, list[Any]] = field(default_factory=dict)
    by: str = ""
    labels: list[str] = field(default_factory=list)

    def suggestion(self, number: int) -> dict[str, Any] | None:
        """Return {"label", "score", "by"} of a row with one label."""
        found = self.answers.get(number)
        if not found or isinstance(found[0], dict):
            return None
        return {"label": found[0], "score": found[1], "by": self.by}

    def spans(self, number: int, row: MarkedRow) -> list[list[Any]]:
        """Return the spans [first, last, kind, score] that a run would mark."""
        found = self.answers.get(number) or []
        return found_by(found, row) if found and isinstance(found[0], dict) else []

    def moved(self, places: dict[int, int]) -> Ranks:
        """Return the same for rows that have other numbers now; rows that are gone are left out."""
        return Ranks(
            [places[n] for n in self.queue if n in places],
            {places[n]: why for n, why in self.why.items() if n in places},
            {places[n]: found for n, found in self.answers.items() if n in places},
            self.by,
            self.labels,
        )


def ranked(looked: list[int], given: list[str], names: list[str], a: dict[str, Any], wish: str, run: str) -> Ranks:
    """Turn the judgement of rows into an order, reasons and suggestions."""
    ranks = Ranks(by=run)
    issues = set(a["issues"])
    for place, number in enumerate(looked):
        best, rival = names[a["best"][place]], names[a["rival"][place]]
        if run or (not given[place] and a["score"][place] > 0):
            ranks.answers[number] = [best, a["score"][place]]
        if place in issues and rival != given[place]:
            ranks.why[number] = {
                "kind": "suspect",
                "given": given[place],
                "guess": rival,
                "score": a["rival_score"][place],
            }
        elif wish == "uncertain" and a["score"][place] > 0:
            second = {"other": names[a["second"][place]], "other_score": a["second_score"][place]}
            ranks.why[number] = {"kind": "uncertain", "guess": best, "score": a["score"][place], **second}
        elif run and given[place] and best != given[place]:
            ranks.why[number] = {"kind": "differs", "given": given[place], "guess": best, "score": a["score"][place]}
    if wish == "suspects":
        judged = [place for place, quality in enumerate(a["quality"]) if quality is not None and place not in issues]
        order = [*a["issues"], *sorted(judged, key=lambda place: a["quality"][place])]
        ranks.queue = [looked[place] for place in order]
    elif wish == "uncertain":
        told = [place for place, score in enumerate(a["score"]) if score > 0]
        ranks.queue = [looked[p] for p in sorted(told, key=lambda p: a["score"][p] - a["second_score"][p])]
    return ranks


def from_json(known: dict[str, Any]) -> Ranks:
    """Return ranks from what `dataclasses.asdict` and JSON made of them."""
    why = {int(n): reason for n, reason in known["why"].items()}
    return Ranks(
        known["queue"],
        why,
        {int(n): found for n, found in known["answers"].items()},
        known["by"],
        known.get("labels", []),
    )
