"""What a run will cost, in words: one line for the card, a small page for a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.wire import Forecast
from .language import say
from .markup import MUTED, esc, table
from .words import size_words

GOOD, BAD = "#2e7d32", "#c62828"


def clock(seconds: float) -> str:
    """Return a time for people: 8 s, 2:05, 1:02:05."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def large(size: int) -> str:
    """Return a size in GB, or in MB below a tenth of one."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else size_words(size)


def line(forecast: Forecast) -> str:
    """Return a forecast in one line: about 2:05, 1.1 GB, 0.3 GB on disk."""
    return f"{say('about')} {clock(forecast.seconds)}, {large(forecast.peak_bytes)}, {large(forecast.disk_bytes)} {say('on disk')}"


def card_html(forecast: Forecast | None) -> str:
    """Return the line for the top of a card; red where this machine has not that much."""
    if forecast is None:
        return ""
    style = MUTED if forecast.fits else f"color:{BAD}"
    return f'<div style="{style}" title="{esc(forecast.basis)}">{esc(line(forecast))}</div>'


def text(forecast: Forecast, parts: Mapping[str, float], notices: Sequence[str] = ()) -> str:
    """Return a dry run's outcome for a terminal."""
    verdict = say("It fits.") if forecast.fits else say("It does not fit.")
    shares = ", ".join(f"{say(name)} {clock(value)}" for name, value in parts.items() if value >= 0.5)
    lines = [line(forecast), f"{verdict} {_free(forecast)}", shares, *forecast.advice, forecast.basis, *notices]
    return "\n".join(each for each in lines if each)


def _free(forecast: Forecast) -> str:
    return (
        f"{large(forecast.free_bytes)} {say('of memory free')}, {large(forecast.free_disk_bytes)} {say('of disk free')}"
    )


def html(forecast: Forecast, parts: Mapping[str, float], notices: Sequence[str] = ()) -> str:
    """Return a dry run's outcome for a notebook: the line, what it is made of, advice."""
    colour = GOOD if forecast.fits else BAD
    verdict = say("It fits.") if forecast.fits else say("It does not fit.")
    rows = [(esc(say(name)), esc(clock(value))) for name, value in parts.items() if value >= 0.5]
    said = [
        f'<div style="font-size:1.05em"><b>{esc(line(forecast))}</b></div>',
        f'<div><span style="color:{colour}">{esc(verdict)}</span> <span style="{MUTED}">{esc(_free(forecast))}</span></div>',
        "".join(f"<div>{esc(each)}</div>" for each in forecast.advice),
        table([esc(say("work")), esc(say("time"))], rows),
        f'<div style="{MUTED}">{esc(forecast.basis)}</div>',
        "".join(f'<div style="{MUTED}">{esc(each)}</div>' for each in notices),
    ]
    return f'<div style="font-family:system-ui,sans-serif;max-width:1000px">{"".join(said)}</div>'
