"""The data card as a static picture, for front ends that show no HTML."""

from __future__ import annotations

from typing import Any

from .data import warnings
from .language import say
from .markup import SERIES_COLOURS
from .pictures import _figure, _fonts, _png, _safe

#: Bars of a picture.
BARS = 12


def data_png(facts: dict[str, Any], title: str) -> bytes:
    """Draw lengths, labels (or tags, or languages) and what to look at."""
    import matplotlib

    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(9.6, 2.7)
        axes = figure.subplots(1, 3, width_ratios=(1.2, 1, 1.1))
        _lengths(axes[0], facts.get("lengths") or {})
        labels = {row["label"]: sum(row["rows"].values()) for row in facts["labels"]} or facts.get("tags") or {}
        spoken = {row["language"]: row["rows"] for row in facts.get("languages", [])}
        _bars(axes[1], labels or spoken, say("label") if labels else say("languages"))
        _said(axes[2], facts)
        rows = ", ".join(f"{name} {count:,}" for name, count in facts["rows"].items())
        figure.suptitle(_safe(f"{title}: {rows}"), fontsize=9)
        return _png(figure)


def _lengths(axes: Any, lengths: dict[str, Any]) -> None:
    if not lengths:
        axes.axis("off")
        return
    edges, base = lengths["edges"], [0] * (len(lengths["edges"]) - 1)
    width = edges[1] - edges[0]
    for n, (split, counts) in enumerate(lengths["counts"].items()):
        axes.bar(
            edges[:-1],
            counts,
            width=width * 0.9,
            bottom=base,
            align="edge",
            color=SERIES_COLOURS[n % 6],
            label=_safe(split),
        )
        base = [a + b for a, b in zip(base, counts, strict=True)]
    axes.set_title(f"{say('length')}, {say('characters')}", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)


def _bars(axes: Any, counts: dict[str, int], title: str) -> None:
    found = sorted(counts.items(), key=lambda item: -item[1])[:BARS]
    if not found:
        axes.axis("off")
        return
    axes.barh(
        [_safe(name[:24]) for name, _ in found][::-1], [count for _, count in found][::-1], color=SERIES_COLOURS[0]
    )
    more = f" ({len(found)} / {len(counts)})" if len(counts) > len(found) else ""
    axes.set_title(title + more, fontsize=8)
    axes.tick_params(axis="y", labelsize=6, length=0)
    axes.spines[["top", "right"]].set_visible(False)


def _said(axes: Any, facts: dict[str, Any]) -> None:
    axes.axis("off")
    lines = [f"▲ {what}" for what, _ in warnings(facts)[:9]] or [say("nothing odd was found")]
    axes.text(0, 1, "\n".join(_safe(line) for line in lines), va="top", fontsize=7, transform=axes.transAxes)
