"""What the training in the form would cost, brought up to date a moment after each change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as w

from fmtools.core.errors import FmError
from fmtools.core.options import TrainOptions

from .later import Later
from .words import say

#: Seconds without a change before the forecast is asked for.
WAIT = 0.35


class Cost:
    """One line: time, memory, disk, whether it fits, what would make it cheaper. `options` gives what is asked about now."""

    def __init__(self, options: Callable[[], TrainOptions | None]) -> None:
        self.widget = w.HTML()
        self.widget.add_class("fmp-cost")
        self._options = options
        self._later = Later(self._work, WAIT)
        self._lock = threading.Lock()

    def ask(self) -> None:
        """Look again, soon. Returns at once."""
        self._later.ask()

    def _work(self) -> None:
        with self._lock:
            options = self._options()
            if options is None:
                self.widget.value = ""
                return
            old = self.widget.value
            self.widget.value = self._stale(old) if old else row(f"{say('working it out …')}")
            try:
                self.widget.value = html(asked(options))
            except FmError as error:
                self.widget.value = problem(str(error))
            except Exception as error:  # a forecast is never worth more than the form
                self.widget.value = problem(f"{type(error).__name__}: {error}")

    def _stale(self, shown: str) -> str:
        return shown if "fmp-stale" in shown else f'<div class="fmp-stale">{shown}</div>'


def asked(options: TrainOptions) -> Any:
    """Return the forecast of what these options would cost. Raises FmError when they cannot train."""
    from fmtools import api

    plain = options.model_copy(update={"dry_run": False, "find_lr": False, "background": False, "inline": False})
    given = {name: getattr(plain, name) for name in plain.model_fields_set}
    return api.forecast(given.pop("task", options.task), **given)


def html(forecast: Any) -> str:
    """Show a forecast in one line, with advice under it."""
    from fmtools.views.card import duration
    from fmtools.views.markup import esc
    from fmtools.views.words import size_words

    free = getattr(forecast, "free_bytes", 0)
    room = f" ({say('of {size} free').format(size=size_words(free))})" if free else ""
    parts = [
        f"<b>{say('about')} {esc(duration(forecast.seconds))}</b>",
        f"{say('memory')} <b>{size_words(forecast.peak_bytes)}</b>{room}",
        f"{say('disk')} <b>{size_words(forecast.disk_bytes)}</b>",
    ]
    fits = say("fits this machine") if forecast.fits else say("does not fit this machine")
    parts.append(f'<span class="fmp-{"fits" if forecast.fits else "over"}">{fits}</span>')
    advice = "".join(f'<div class="fmp-quiet">{esc(line)}</div>' for line in forecast.advice[:2])
    return row(" · ".join(parts)) + advice


def row(said: str) -> str:
    """Return the line with its title."""
    return f'<span class="fmp-title">{say("Forecast")}</span> {said}'


def problem(sentence: str) -> str:
    """Return the line that says why there is no forecast."""
    from fmtools.views.markup import esc

    return row(f'<span class="fmp-problem">{esc(sentence)}</span>')
