"""Runs side by side: curves over each other, metrics, what differs, and in plain words whether one is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.goals import LOWER
from .language import say
from .markup import MUTED, SERIES_COLOURS, esc, line_chart, table
from .tables import plain

Curves = list[tuple[list[int], list[float]]]
#: Below this, a difference is called one.
LEVEL = 0.05


def shown(value: Any) -> str:
    """Return an option's or a metric's value as people write it."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def sentence(test: dict[str, Any]) -> str:
    """Say what a test found: who is better by how much, or that nothing can be told. Figures as kit.scoring.significance gives them."""
    sign = -1.0 if test["difference"] < 0 else 1.0
    low, high = sorted((sign * test["low"], sign * test["high"]))
    unit = test["points"] or 1.0
    amount, ends = sign * test["difference"] * unit, (low * unit, high * unit)
    facts = {
        **{name: test[name] for name in ("better", "worse", "metric")},
        "values": " / ".join(f"{value:.4g}" for value in test["values"]),
        "amount": _amount(amount, test),
        "low": _figure(ends[0]),
        "high": _figure(ends[1]),
        "p": "p < 0.001" if test["p"] < 0.001 else f"p = {test['p']:.2g}",
        "rows": f"{test['rows']:,} {say(test['unit'])}",
        "holm": say(", corrected for {tests} tests").format(tests=test["tests"]) if test["tests"] > 1 else "",
    }
    told = test["p"] < LEVEL
    return say(_BETTER if told else _NOTHING).format(**facts)


_BETTER = "{better} is better than {worse} by {amount} (95 % interval {low} to {high}, {p}{holm}, n = {rows})."
_NOTHING = "No difference between {better} and {worse} can be told from {rows}: {amount} (95 % interval {low} to {high}, {p}{holm})."


def _amount(value: float, test: dict[str, Any]) -> str:
    form = "{value} points of {metric}" if test["points"] else "{value} in {metric}"
    return say(form).format(value=_figure(value), metric=test["metric"])


def _figure(value: float) -> str:
    size = abs(value)
    return "0" if size < 1e-9 else f"{value:.1f}" if size >= 1 else f"{value:.2g}"


def told(found: dict[str, Any]) -> list[str]:
    """Return what the tests say, and what could not be tested."""
    return [*map(sentence, found.get("tests", [])), *(say(text) for text in found.get("said", []))]


def text(names: list[str], parts: dict[str, Any]) -> str:
    """Return metrics, options and versions, one column a run, and the tests' sentences. `parts` as in api.compare.Comparison."""
    rows = [[name, *map(_score, row)] for name, row in parts["metrics"].items()]
    rows += [[name, *map(shown, row)] for kind in ("options", "versions") for name, row in parts[kind].items()]
    said = told(parts["significance"])
    return "\n".join([plain(["", *names], rows), *([""] if said else []), *said])


def html(names: list[str], parts: dict[str, Any], curves: dict[str, Curves]) -> str:
    """Return the overlaid curves, what the tests say, the metrics (best in bold), what differs."""
    drawn = "".join(_chart(name, names, lines) for name, lines in curves.items())
    said = "".join(f"<div>{esc(line)}</div>" for line in told(parts["significance"]))
    rows = [[esc(name), *_best(name, row)] for name, row in parts["metrics"].items()]
    for kind in ("options", "versions"):
        rows += [
            [f'<span style="{MUTED}">{esc(name)}</span>', *(esc(shown(value)) for value in row)]
            for name, row in parts[kind].items()
        ]
    keys = " &nbsp; ".join(
        f'<span style="color:{_colour(i)}">&#9644;</span> {esc(name)}' for i, name in enumerate(names)
    )
    return (
        f'<div>{keys}</div><div style="display:flex;flex-wrap:wrap;gap:18px">{drawn}</div>{said}'
        f"{table(['', *map(esc, names)], rows)}"
    )


def _colour(number: int) -> str:
    return SERIES_COLOURS[number % len(SERIES_COLOURS)]


def _chart(series: str, names: list[str], lines: Curves) -> str:
    # The runs' names stand above all charts: as many as there are would not fit below one.
    drawn = line_chart([("", *line) for line in lines], 460, 170)
    return f"<div><div>{esc(series)}</div>{drawn}</div>" if drawn else ""


def _best(name: str, row: Sequence[float | None]) -> list[str]:
    known = [value for value in row if value is not None and value == value]
    best = (min if name.endswith(LOWER) else max)(known) if known else None
    return [f"<b>{_score(v)}</b>" if v is not None and v == best and len(set(known)) > 1 else _score(v) for v in row]


def png(names: list[str], curves: dict[str, Curves]) -> bytes:
    """Draw the curves over each other, a panel a series: what an untrusted notebook and a web page show."""
    import matplotlib

    from .pictures import _figure as figure_of
    from .pictures import _fonts, _png, _safe

    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = figure_of(4.8 * len(curves), 2.9)
        panels = figure.subplots(1, len(curves), squeeze=False)[0]
        for axes, (series, lines) in zip(panels, curves.items(), strict=True):
            for i, (name, (steps, values)) in enumerate(zip(names, lines, strict=True)):
                mark = "o" if 0 < len(steps) < 12 else None
                axes.plot(steps, values, color=_colour(i), lw=1.2, marker=mark, ms=3, label=_safe(name))
            axes.set(title=_safe(series), xlabel=say("step"))
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].legend(fontsize=7, frameon=False)
        return _png(figure)
