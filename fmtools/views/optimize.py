"""What a search for the best way to make a run smaller has tried: a table, and time against what is lost."""

from __future__ import annotations

import base64
from typing import Any

from .language import say
from .markup import SERIES_COLOURS, esc, table
from .pictures import _figure, _fonts, _png, _safe
from .tables import plain
from .words import size_words

BLUE, ORANGE, GREY = SERIES_COLOURS[0], SERIES_COLOURS[1], "#9a9a9a"


def _header() -> list[str]:
    return [
        say("method"),
        say("size"),
        say("one row"),
        say("points lost"),
        say("same answers"),
        say("within the limits"),
    ]


def _lines(found: dict[str, Any]) -> list[list[str]]:
    lines = []
    for trial in found["trials"]:
        if "error" in trial:
            lines.append([trial["method"], trial["error"], "", "", "", ""])
            continue
        same = "" if trial["agreement"] is None else f"{100 * trial['agreement']:.1f} %"
        word = "" if trial["method"] == "original" else say("yes") if trial["fits"] else say("no")
        numbers = [size_words(trial["size_bytes"]), f"{trial['ms']:.1f} ms", f"{trial['points_lost']:+.2f}"]
        lines.append([trial["method"], *numbers, same, word])
    return lines


def _title(found: dict[str, Any], name: str) -> str:
    if found["best"] is None:
        return say("{name}: nothing stays within the limits; nothing was kept.").format(name=name)
    return say("{name}: {method} is the fastest within the limits.").format(name=name, method=found["best"]["method"])


def text(found: dict[str, Any], name: str) -> str:
    """Return the trials for terminals."""
    where = [found["best"]["path"]] if found["best"] else []
    return "\n".join([_title(found, name), *where, plain(_header(), _lines(found))])


def html(found: dict[str, Any], name: str, picture: bytes) -> str:
    """Return the trials for notebooks."""
    shown = base64.b64encode(picture).decode()
    rows = [[esc(cell) for cell in line] for line in _lines(found)]
    where = f"<div>{esc(found['best']['path'])}</div>" if found["best"] else ""
    return (
        f"<div><b>{esc(_title(found, name))}</b></div>{where}{table([esc(word) for word in _header()], rows)}"
        f'<img src="data:image/png;base64,{shown}" alt="{esc(_title(found, name))}" style="max-width:100%"/>'
    )


def front(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trials that no other beats in both time and loss, fastest first."""
    done = sorted((t for t in trials if "error" not in t), key=lambda t: (t["ms"], t["points_lost"]))
    found: list[dict[str, Any]] = []
    for trial in done:
        if not found or trial["points_lost"] < found[-1]["points_lost"]:
            found.append(trial)
    return found


def png(found: dict[str, Any]) -> bytes:
    """Draw each trial at its time and its loss, the front as a line, the limits as dashes."""
    import matplotlib

    done = [trial for trial in found["trials"] if "error" not in trial]
    with matplotlib.rc_context({"font.family": _fonts(), "font.size": 8}):
        figure = _figure(6.0, 3.0)
        axes = figure.subplots()
        best = front(done)
        axes.plot([t["ms"] for t in best], [t["points_lost"] for t in best], color=ORANGE, lw=1.2, label=say("front"))
        colours = [BLUE if t["fits"] else GREY for t in done]
        sizes = [20 + 160 * t["size_bytes"] / max(t["size_bytes"] for t in done) for t in done]
        axes.scatter([t["ms"] for t in done], [t["points_lost"] for t in done], s=sizes, c=colours, alpha=0.8, zorder=3)
        for trial in done:
            axes.annotate(
                _safe(trial["method"]), (trial["ms"], trial["points_lost"]), textcoords="offset points", xytext=(6, 4)
            )
        axes.axhline(found["max_loss"], color=GREY, ls="--", lw=0.8)
        if found["latency_ms"]:
            axes.axvline(found["latency_ms"], color=GREY, ls="--", lw=0.8)
        axes.set_xlabel(f"{say('one row')} (ms)")
        axes.set_ylabel(say("points lost"))
        axes.margins(0.2)
        axes.spines[["top", "right"]].set_visible(False)
        return _png(figure)
