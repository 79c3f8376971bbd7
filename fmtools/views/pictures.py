"""Static pictures, drawn with matplotlib on the processor: no window, no browser."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.wire import Frame, Increment
from .language import say
from .markup import SERIES_COLOURS, TROUBLE_COLOUR

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

#: Fonts with Chinese characters, as systems ship them; matplotlib falls back to them character by character.
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "AR PL UMing CN",
)  # fmt: skip


#: Colours of a picture: lines, text and one colour map.
COLOURS = 128


#: Latin and the characters of GB 2312, so that Chinese is readable on a machine without a Chinese font.
FONT = Path(__file__).parent / "fonts" / "NotoSansSC-subset.otf"


@cache
def _fonts() -> list[str]:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(FONT))
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in CHINESE if name in known)]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=96, layout="constrained")


def _png(figure: Figure) -> bytes:
    import warnings

    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"font.family": _fonts()}), warnings.catch_warnings():
        # A rare character that no font here has is drawn as a box; the live card uses the browser's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="png")
    return _smaller(buffer)


def _smaller(buffer: io.BytesIO) -> bytes:
    """Return a PNG with a palette: a third of the size, and notebooks keep every picture they show."""
    from PIL import Image

    small = io.BytesIO()
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(small, format="png", optimize=True)
    return small.getvalue()


def _safe(text: str) -> str:
    """Return text that matplotlib does not read as mathematics, short enough for a label."""
    short = text if len(text) <= 60 else text[:59] + "…"
    return short.replace("$", r"\$")


def run_png(increment: Increment, frames: list[tuple[Frame, bytes]]) -> bytes:
    """Draw a run: loss, validation metrics, and the newest attention of the first watched sentence."""
    import matplotlib

    from .card import curves_of, mean_map
    from .trouble import trouble_steps

    curves = curves_of(increment)
    scores = {n: c for n, c in curves.items() if n.startswith("validation/") and n != "validation/loss"}
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(9.6, 2.9)
        axes = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
        _lines(axes[0], {"loss": curves["loss"]} if "loss" in curves else {}, say("loss"))
        for step in trouble_steps(increment):
            axes[0].axvline(step, color=TROUBLE_COLOUR, lw=1, ls="--")
        _lines(axes[1], dict(list(scores.items())[:4]), say("validation"))
        if frames:
            _heat(axes[2], *mean_map(increment, *frames[0]), f"{say('attention')}, {say('step')} {frames[0][0].step}")
        else:
            axes[2].axis("off")
        head = increment.head
        figure.suptitle(
            _safe(f"{head.name}: {say(head.status)}, {say('step')} {head.step}/{head.total_steps}"), fontsize=9
        )
        return _png(figure)


def _lines(axes: Any, curves: dict[str, tuple[list[int], list[float]]], title: str) -> None:
    for i, (name, (steps, values)) in enumerate(curves.items()):
        marker = "o" if len(steps) < 12 else None
        axes.plot(
            steps,
            values,
            color=SERIES_COLOURS[i % len(SERIES_COLOURS)],
            lw=1.2,
            marker=marker,
            ms=3,
            label=name.split("/")[-1],
        )
    axes.set_title(title, fontsize=8)
    axes.set_xlabel(say("step"))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        axes.legend(fontsize=7, frameon=False)


def _heat(axes: Any, tokens: list[str], weights: Any, title: str) -> None:
    axes.imshow(weights, cmap="Blues", vmin=0, aspect="equal")
    size = 7 if len(tokens) <= 16 else 5
    labels = [_safe(token) for token in tokens]
    axes.set_xticks(range(len(tokens)), labels, rotation=90, fontsize=size)
    axes.set_yticks(range(len(tokens)), labels, fontsize=size)
    axes.tick_params(length=0)
    axes.set_title(title, fontsize=8)


def attention_png(tokens: list[str], weights: np.ndarray, layer: int | None, head: int | None) -> bytes:
    """Draw attention uint8 [layers, heads, n, n]: one map, or a row of maps, one a layer (or a head of the layer)."""
    import matplotlib

    layers, heads = weights.shape[:2]
    shown = weights / 255.0
    if layer is not None and head is not None:
        maps = [(f"{say('layer')} {layer}, {say('head')} {head}", shown[layer, head])]
    elif layer is not None:
        maps = [(f"{say('layer')} {layer}, {say('head')} {h}", shown[layer, h]) for h in range(heads)]
    else:
        picked = shown[:, head] if head is not None else shown.mean(1)
        word = f"{say('head')} {head}" if head is not None else say("mean of all heads")
        maps = [(f"{say('layer')} {i}, {word}", picked[i]) for i in range(layers)]
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    side = 3.2 if len(tokens) <= 16 else 4.4
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(side * columns, side * rows)
        for axes, (title, values) in zip(figure.subplots(rows, columns, squeeze=False).flat, maps, strict=False):
            _heat(axes, tokens, values, title)
        for axes in figure.axes[len(maps) :]:
            axes.axis("off")
        return _png(figure)
