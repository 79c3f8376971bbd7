"""The picture of a model server: requests, latency and predictions over time, and present beside reference."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from .language import say
from .markup import SERIES_COLOURS, TROUBLE_COLOUR
from .monitor import NAMES, cumulated
from .pictures import _figure, _fonts, _png, _safe
from .serve_meters import percentile

GREY, BLUE = "#9a9a9a", SERIES_COLOURS[0]
#: Labels that have a line of their own, and bins that are named.
LABELS, BINS = 5, 8
#: Half the time axis of a single point, in days, as matplotlib counts.
MINUTES = 5 / 1440


def png(facts: dict[str, Any]) -> bytes:
    """Draw three pictures over time, and one for each kind that is compared."""
    import matplotlib

    shown = [one for one in facts["drift"] if one["kind"] != "words"]
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(10.2, 4.2 if shown else 2.1)
        axes = figure.subplots(2 if shown else 1, 12, squeeze=False)
        for one in axes.flat:
            one.remove()
        grid = axes[0][0].get_gridspec()
        over = [figure.add_subplot(grid[0, 4 * i : 4 * i + 4]) for i in range(3)]
        _requests(over[0], facts["points"])
        _latency(over[1], facts["points"])
        _labels(over[2], facts["points"])
        wide = 12 // max(1, len(shown))
        for i, one in enumerate(shown):
            _beside(figure.add_subplot(grid[1, wide * i : wide * i + wide]), one)
        return _png(figure)


def _times(points: list[dict[str, Any]]) -> list[Any]:
    return [datetime.datetime.fromtimestamp(point["t"]) for point in points]


def _plain(axes: Any, title: str, dates: bool = True) -> None:
    axes.set_title(title, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    if dates:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        low, high = axes.get_xlim() if axes.lines else (0.0, 1.0)
        if len({x for line in axes.lines for x in line.get_xdata()}) == 1:  # alone, a point would get an axis of years
            middle = (low + high) / 2
            axes.set_xlim(middle - MINUTES, middle + MINUTES)
        locator = AutoDateLocator(minticks=2, maxticks=5)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _requests(axes: Any, points: list[dict[str, Any]]) -> None:
    total = [60 * sum(point["requests"].values()) / point["s"] for point in points]
    bad = [60 * sum(n for c, n in point["requests"].items() if c != "200") / point["s"] for point in points]
    axes.plot(_times(points), total, color=BLUE, lw=1.2, marker="o", ms=2, label=say("requests"))
    if any(bad):
        axes.plot(_times(points), bad, color=TROUBLE_COLOUR, lw=1.2, marker="o", ms=2, label=say("not answered"))
        axes.legend(fontsize=6, frameon=False)
    axes.set_ylim(bottom=0)
    _plain(axes, say("requests a minute"))


def _latency(axes: Any, points: list[dict[str, Any]]) -> None:
    for share, colour in ((50, BLUE), (95, SERIES_COLOURS[1])):
        values = [percentile(cumulated(point["buckets"]), share / 100) for point in points]
        known = [(when, value) for when, value in zip(_times(points), values, strict=True) if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), color=colour, lw=1.2, marker="o", ms=2, label=f"p{share}")
            axes.legend(fontsize=6, frameon=False)
    axes.set_ylim(bottom=0)
    _plain(axes, f"{say('latency')} (ms)")


def _labels(axes: Any, points: list[dict[str, Any]]) -> None:
    whole: Counter[str] = Counter()
    for point in points:
        whole.update(point["labels"])
    known = [point for point in points if point["labels"]]
    for i, (name, _) in enumerate(whole.most_common(LABELS)):
        shares = [100 * point["labels"].get(name, 0) / sum(point["labels"].values()) for point in known]
        colour = SERIES_COLOURS[i % len(SERIES_COLOURS)]
        axes.plot(_times(known), shares, color=colour, lw=1.2, marker="o", ms=2, label=_safe(name))
    if whole:
        axes.legend(fontsize=6, frameon=False)
    axes.set_ylim(0, 100)
    _plain(axes, f"{say('predictions')} (%)")


def _beside(axes: Any, one: dict[str, Any]) -> None:
    """Draw shares before and now; the bins with most, where there are many without an order."""
    shares = one["shares"]
    if one["test"] != "KS":
        shares = sorted(shares, key=lambda share: -max(share[1:]))[:BINS]
    places = range(len(shares))
    axes.bar([p - 0.2 for p in places], [100 * s[1] for s in shares], 0.38, color=GREY, label=say("reference"))
    colour = TROUBLE_COLOUR if one["drifted"] else BLUE
    axes.bar([p + 0.2 for p in places], [100 * s[2] for s in shares], 0.38, color=colour, label=say("now"))
    step = 1 + len(shares) // BINS
    axes.set_xticks(list(places)[::step], [_safe(s[0]) for s in shares][::step], rotation=30, fontsize=6)
    axes.legend(fontsize=6, frameon=False)
    _plain(axes, f"{say(NAMES[one['kind']])} (%), PSI {one['psi']:.2f}", dates=False)
