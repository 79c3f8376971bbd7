"""What `versus` found, as figures and as one table with a line a peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from ..figures import Aim, Figure, number, ratios
from .versus_fmtools import CELL
from .versus_run import HERE, Outcome, typed_lines

OURS, LOOP = "fmtools", "hand-tuned loop"
Found = dict[str, list[Outcome]]
COLUMNS = (
    ("steady", "rows/s, step to step", "rows/s"),
    ("whole", "rows/s, whole", "rows/s"),
    ("first_loss", "to the first loss", "s"),
    ("peak", "peak memory (PSS)", "MB"),
    ("accuracy", "accuracy", ""),
    ("f1_macro", "macro F1", ""),
)
#: Half a point: speeds of trainings that learn different things are not to be compared.
SAME = 0.005


@dataclass(frozen=True)
class Peer:
    """A script `versus_{script}.py`. `env`: its environment, ours when empty; `pairs`: it learns in one pass over pairs of texts."""

    name: str
    script: str
    env: str = ""
    pairs: bool = False
    note: str = ""


def lines(peer: Peer | None) -> int:
    """Return how many lines a user types; None is fmtools."""
    if peer is None:
        return len(CELL.splitlines())
    return typed_lines((HERE / f"versus_{peer.script}.py").read_text(encoding="utf-8"))


def figures(found: Found, peers: Sequence[Peer], lost: Sequence[str], further: Found | None = None) -> list[Figure]:
    """Return each column of each side, then ours over each peer's of the same round.

    Ours shall keep 0.97 of the hand-tuned loop's speed and its accuracy, and be ahead of every other. further: trainings of
    these two with more seeds, for the accuracy alone.
    """
    known = {peer.name: peer for peer in peers}
    made = [figure for name in found for figure in _of(name, found[name], known.get(name))]
    for peer in peers:
        made += _ratios(peer, found[OURS], found[peer.name])
    ours, loop = ([o.accuracy for o in [*found[name], *(further or {}).get(name, [])]] for name in (OURS, LOOP))
    gap = mean(ours) - mean(loop)
    said = f"left out: {'; '.join(lost)}" if lost else ""
    every = [Figure(f"{name}: accuracy, every seed", values) for name, values in ((OURS, ours), (LOOP, loop))]
    return [
        *made,
        *every,
        Figure(f"{OURS} - {LOOP}: accuracy, mean over seeds", [gap], "", Aim(">=", -SAME), note=said),
    ]


def _of(name: str, outcomes: list[Outcome], peer: Peer | None) -> list[Figure]:
    note = peer.note if peer else "one cell, card live, attention every 10 steps"
    return [
        *(Figure(f"{name}: {said}", [getattr(o, key) for o in outcomes], unit) for key, said, unit in COLUMNS),
        Figure(f"{name}: lines typed", [float(lines(peer))], "lines", note=note),
    ]


def _ratios(peer: Peer, ours: list[Outcome], theirs: list[Outcome]) -> list[Figure]:
    bounds: tuple[tuple[str, float | None], ...]
    bounds = (("steady", 0.97), ("whole", None)) if peer.name == LOOP else (("steady", 1.0), ("whole", 1.0))
    names = {column: said for column, said, _ in COLUMNS}
    if peer.pairs:  # its steps are of another kind
        bounds = (("whole", 1.0),)
    return [
        Figure(
            f"{OURS} / {peer.name}: {names[key]}",
            ratios([getattr(o, key) for o in ours], [getattr(o, key) for o in theirs]),
            "",
            Aim(">=", bound) if bound else None,
        )
        for key, bound in bounds
    ]


def markdown(found: Found, peers: Sequence[Peer]) -> str:
    """Return the medians as a table, a line a side."""
    known = {peer.name: peer for peer in peers}
    head = ["", *(said for _, said, _ in COLUMNS), "lines typed", "n"]
    rows = [
        [name, *_cells(outcomes), str(lines(known.get(name))), str(len(outcomes))] for name, outcomes in found.items()
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def _cells(outcomes: list[Outcome]) -> list[str]:
    middles = [(median(getattr(o, key) for o in outcomes), unit) for key, _, unit in COLUMNS]
    return [f"{number(value)} {unit}".strip() for value, unit in middles]
