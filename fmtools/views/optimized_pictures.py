"""The picture of an optimized model: size, time and score, a bar for the original, plain ONNX and itself."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import SERIES_COLOURS
from .optimized import PLAIN, names, seconds
from .pictures import _figure, _fonts, _png, _safe

GREY, BLUE, ORANGE = "#9a9a9a", SERIES_COLOURS[0], SERIES_COLOURS[1]


def png(card: dict[str, Any]) -> bytes:
    """Draw size, the time of every timed batch, and the metrics of both."""
    import matplotlib

    shapes = seconds(card, "original")
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(10.2, 2.2)
        axes = figure.subplots(1, 2 + len(shapes), squeeze=False)[0]
        _bars(axes[0], card, [card["measured"]["bytes"][name] / 1e6 for name in names(card)], f"{say('size')} (MB)")
        for place, (rows, length, _) in enumerate(shapes):
            title = say("{rows} x {length} tokens").format(rows=rows, length=length) + " (ms)"
            values = [1000 * seconds(card, name)[place][2] for name in names(card)]
            _bars(axes[1 + place], card, values, title)
        _scores(axes[-1], card)
        for one in axes:
            one.spines[["top", "right"]].set_visible(False)
        return _png(figure)


def _bars(axes: Any, card: dict[str, Any], values: list[float], title: str) -> None:
    words = [{PLAIN: "ONNX", "original": say("original")}.get(name, name) for name in names(card)]
    drawn = axes.barh(words[::-1], values[::-1], color=[ORANGE, BLUE, GREY][: len(values)])
    axes.bar_label(drawn, [f"{value:.3g}" for value in values[::-1]], padding=2, fontsize=7)
    axes.margins(x=0.25)
    axes.set_title(title, fontsize=8)


def _scores(axes: Any, card: dict[str, Any]) -> None:
    before, after = card["metrics_of_original"], card["metrics"]
    shared = [name for name in after if name in before and 0 <= before[name] <= 1][:4] or [card["main"]]
    places = range(len(shared))
    axes.barh([p + 0.2 for p in places], [before.get(n, 0) for n in shared], 0.38, color=GREY, label=say("original"))
    axes.barh([p - 0.2 for p in places], [after.get(n, 0) for n in shared], 0.38, color=ORANGE, label=card["method"])
    axes.set_yticks(list(places), [_safe(name) for name in shared])
    axes.set_title(say("metrics"), fontsize=8)
    axes.legend(fontsize=6, frameon=False)
