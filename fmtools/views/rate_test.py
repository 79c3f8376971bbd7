"""A learning-rate test on the screen: the loss against the rate, and what to type."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

from .language import say
from .markup import MUTED, SERIES_COLOURS, esc
from .pictures import _figure, _fonts, _png

#: Colour of each mark; the suggestion is the one that stands out.
COLOURS = {"suggestion": SERIES_COLOURS[1], "steepest fall": "#9a9a9a", "lowest loss": "#9a9a9a"}


def png(rates: list[float], losses: list[float], smoothed: list[float], marks: dict[str, float], flag: str) -> bytes:
    """Draw the loss over the rate, on an axis of powers of ten; `flag` names the option whose rate it is."""
    import matplotlib

    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(6.4, 2.9)
        axes = figure.subplots()
        axes.plot(rates, losses, color=SERIES_COLOURS[0], lw=0.8, alpha=0.4)
        axes.plot(rates, smoothed, color=SERIES_COLOURS[0], lw=1.6, label=f"{say('loss')} ({say('smoothed')})")
        for (word, rate), style in zip(marks.items(), ("-", "--", ":"), strict=False):
            axes.axvline(rate, color=COLOURS[word], ls=style, lw=1.2, label=f"{say(word)}: {rate:.1e}")
        _dress(axes, smoothed, flag)
        return _png(figure)


def _dress(axes: Any, smoothed: list[float], flag: str) -> None:
    axes.set_xscale("log")
    if smoothed:
        low, high = min(smoothed), max(smoothed[: max(1, len(smoothed) // 2)])
        pad = 0.15 * (high - low) or 0.1 * abs(high) or 0.1
        axes.set_ylim(low - pad, high + 2 * pad)  # what runs away at the end hides nothing
    axes.set_xlabel(flag or say("learning rate"))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)


def _said(line: str, marks: dict[str, float], flags: dict[str, float]) -> list[str]:
    """Return the sentences: what to type, why, and how the parts of the model go together."""
    if not line:
        return [
            "No learning rate made the loss fall by more than its noise.",
            "Look at the labels, and at what is trained (--method).",
        ]
    seen = (
        f"The loss fell fastest at {marks['steepest fall']:.1e} and was lowest at {marks['lowest loss']:.1e}; "
        "the suggestion is the lower of the first and a tenth of the second."
    )
    others = [(flag, ratio) for flag, ratio in list(flags.items())[1:] if not math.isclose(ratio, 1.0)]
    ratios = [f"{flag} went along at {ratio:g} times the rate; the suggestion keeps that." for flag, ratio in others]
    return [f"Train with {line}.", seen, *ratios]


def text(line: str, marks: dict[str, float], flags: dict[str, float], notices: list[str]) -> str:
    """Return the test in a few lines."""
    return "\n".join([*_said(line, marks, flags), *notices])


def html(line: str, marks: dict[str, float], flags: dict[str, float], notices: list[str], picture: bytes) -> str:
    """Return the picture and the sentences."""
    said = _said(line, marks, flags)
    parts = [
        f"<div><b>{esc(said[0])}</b></div>",
        f'<img alt="{esc(say("learning rate"))}" style="max-width:100%" src="data:image/png;base64,{b64encode(picture).decode()}"/>',
        *(f'<div style="{MUTED}">{esc(part)}</div>' for part in (*said[1:], *notices)),
    ]
    return f'<div style="font-family:system-ui,sans-serif;max-width:760px">{"".join(parts)}</div>'
