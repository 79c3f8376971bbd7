"""Pictures of a search: its history with the best so far (or the front of two goals), what mattered, and what was tried."""

from __future__ import annotations

import math
from typing import Any

from ..core.options.space import Dimension
from ..core.search import SearchRecord, SearchState, TrialState
from .language import say
from .markup import SERIES_COLOURS
from .pictures import _figure, _fonts, _png, _safe

BLUE, ORANGE, GREY = SERIES_COLOURS[0], SERIES_COLOURS[1], "#9a9a9a"


def search_png(record: SearchRecord, state: SearchState) -> bytes:
    """Draw a search: history or front, importance, parallel coordinates."""
    import matplotlib

    done = [trial for trial in state.trials if trial.state == "done" and trial.values]
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(10.2, 3.0)
        left, middle, right = figure.subplots(1, 3, width_ratios=(1.2, 0.8, 1.6))
        if len(record.goals) == 2:
            _front(left, record, state, done)
        else:
            _history(left, record, state)
        _importance(middle, record, state)
        _parallel(right, record, state, done)
        for axes in figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
        return _png(figure)


def _history(axes: Any, record: SearchRecord, state: SearchState) -> None:
    """Every trial's value by its number, the best so far as a line; pruned trials where they were cut."""
    goal = record.goals[0]
    done = [(t.number, t.values[0]) for t in state.trials if t.state == "done" and t.values]
    cut = [
        (t.number, t.reports[-1][1]) for t in state.trials if t.state in ("pruned", "running", "stopped") and t.reports
    ]
    best: list[float] = []
    for _, value in done:
        best.append(value if not best or goal.better(value, best[-1]) else best[-1])
    axes.plot([n for n, _ in done], best, color=ORANGE, lw=1.4, drawstyle="steps-post", label=say("best so far"))
    axes.scatter([n for n, _ in done], [v for _, v in done], color=BLUE, s=14, label=say("done"), zorder=3)
    if cut:
        axes.scatter([n for n, _ in cut], [v for _, v in cut], color=GREY, s=14, marker="x", label=say("not finished"))
    axes.set_title(f"{_safe(goal.name)} {'↓' if goal.lower else '↑'}", fontsize=8)
    axes.set_xlabel(say("trial"))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.25)
    if done:
        axes.legend(fontsize=7, frameon=False)


def _front(axes: Any, record: SearchRecord, state: SearchState, done: list[TrialState]) -> None:
    """Both goals of every trial; those that nothing beats are joined."""
    points = {trial.number: trial.values for trial in done}
    best = sorted(points[number] for number in state.best if number in points)
    axes.scatter([v[0] for v in points.values()], [v[1] for v in points.values()], color=BLUE, s=14)
    axes.plot([v[0] for v in best], [v[1] for v in best], color=ORANGE, marker="o", ms=4, lw=1.2, label=say("front"))
    for set_label, goal in zip((axes.set_xlabel, axes.set_ylabel), record.goals, strict=True):
        set_label(f"{_safe(goal.name)} {'↓' if goal.lower else '↑'}")
    axes.grid(alpha=0.25)
    if best:
        axes.legend(fontsize=7, frameon=False)


def _importance(axes: Any, record: SearchRecord, state: SearchState) -> None:
    """How much of the first goal's variance each option explains."""
    axes.set_title(say("what mattered"), fontsize=8)
    if not state.importance:
        axes.axis("off")
        axes.text(0.5, 0.5, say("after a few trials"), ha="center", va="center", color=GREY, transform=axes.transAxes)
        return
    found = sorted(state.importance.items(), key=lambda pair: pair[1])
    axes.barh([_safe(name) for name, _ in found], [share for _, share in found], color=BLUE, height=0.6)
    axes.set_xlim(0, 1)


def _parallel(axes: Any, record: SearchRecord, state: SearchState, done: list[TrialState]) -> None:
    """One axis an option, one line a trial, coloured by the first goal: dark is good; the best stands out."""
    from matplotlib import colormaps

    axes.set_title(say("what was tried"), fontsize=8, pad=14)
    places = list(range(len(record.space)))
    values = [trial.values[0] for trial in done]
    low, high, lower = min(values, default=0.0), max(values, default=1.0), record.goals[0].lower
    for trial in sorted(done, key=lambda t: t.values[0], reverse=lower):
        share = (trial.values[0] - low) / ((high - low) or 1.0)
        heights = [_height(d, trial.options.get(d.name)) for d in record.space]
        good = 1.0 - share if lower else share
        star = trial.number in state.best
        colour = ORANGE if star else colormaps["Blues"](0.25 + 0.65 * good)
        axes.plot(places, heights, color=colour, lw=2.0 if star else 0.9, marker="o", ms=3, zorder=3 if star else 2)
    for place, dimension in zip(places, record.space, strict=True):
        bottom, top = _ends(dimension)
        axes.text(place, -0.06, bottom, ha="center", va="top", fontsize=6)
        axes.text(place, 1.04, top, ha="center", va="bottom", fontsize=6)
    axes.set_xticks(places, [_safe(d.name) for d in record.space], fontsize=6, rotation=12 if len(places) > 3 else 0)
    axes.tick_params(axis="x", pad=12, length=0)
    axes.set_yticks([])
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(-0.35, len(places) - 0.65)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", alpha=0.4)


def _height(dimension: Dimension, value: Any) -> float:
    """Return where a value stands on its axis, from 0 to 1."""
    if dimension.choices:
        at = dimension.choices.index(value) if value in dimension.choices else 0
        return at / max(1, len(dimension.choices) - 1)
    if not isinstance(value, int | float):
        return 0.0
    low, high = dimension.low, dimension.high
    if dimension.log and value > 0:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def _ends(dimension: Dimension) -> tuple[str, str]:
    if dimension.choices:
        return _safe(str(dimension.choices[0])), _safe(str(dimension.choices[-1]))
    return f"{dimension.low:.2g}", f"{dimension.high:.2g}"
