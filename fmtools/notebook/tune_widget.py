"""`%fm_tune --panel`: narrow the space with sliders, press Search, watch; the search itself goes on without the page."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fmtools.notebook import by_name
from fmtools.notebook.label.show import somebody_is_there
from fmtools.notebook.panel.live import live

if TYPE_CHECKING:
    from fmtools.api.search import Search, SearchPlan
    from fmtools.core.options.space import Dimension

#: Stops of a slider; seconds between two looks at a search.
STOPS, LOOK = 24, 1.0


def show(plan: SearchPlan) -> None:
    """Show the sliders to a person at the keyboard; who runs notebooks alone gets the space as text."""
    from IPython.display import display

    if not somebody_is_there():
        display({"text/html": plan.html(), "text/plain": plan.text()}, raw=True)
        return
    display(TuneWidget(plan).box)


#: Named, not imported: loading the extension must stay light.
WIDGET = by_name.Widget("ipython_display_formatter", "fmtools.api.search", "SearchPlan", show)


class TuneWidget:
    """The form. `box` is the widget to show; `texts` the space as it stands on the sliders."""

    def __init__(self, plan: SearchPlan) -> None:
        import ipywidgets

        from fmtools.views.language import say

        self.plan = plan
        self.rows = [_Row(dimension) for dimension in plan.space]
        self.trials = ipywidgets.BoundedIntText(plan.options.trials, min=1, max=10_000, description=say("trials"))
        self.jobs = ipywidgets.BoundedIntText(plan.options.jobs, min=1, max=64, description=say("at a time"))
        self.button = ipywidgets.Button(description=say("Search"), button_style="primary")
        self.halt = ipywidgets.Button(description=say("Stop"), disabled=True)
        self.shown = ipywidgets.HTML()
        line = ipywidgets.HBox([self.trials, self.jobs, self.button, self.halt])
        self.box = ipywidgets.VBox([*(row.box for row in self.rows), line, self.shown])
        self.button.on_click(lambda _: self.begin())
        self.halt.on_click(lambda _: self.stop())
        for widget in (
            self.button,
            self.halt,
            self.trials,
            self.jobs,
            *(part for row in self.rows for part in row.parts),
        ):
            live(widget)

    @property
    def texts(self) -> list[str]:
        """The space as typed: `learning_rate=1e-05..0.001:log` of every row that is ticked."""
        return [row.text for row in self.rows if row.tick.value]

    def begin(self) -> None:
        """Start the search in a thread: reading the data may take long, and a click must not wait for it."""
        self.button.disabled = True
        threading.Thread(target=self._search, name="fmtools-search-panel", daemon=True).start()

    def stop(self) -> None:
        """Stop the search and save its trials."""
        from fmtools.core.errors import FmError

        self.halt.disabled = True
        if self.plan.search is not None:
            try:
                self.plan.search.stop()
            except FmError as error:
                self._say(error)

    def _search(self) -> None:
        from fmtools.core.errors import FmError

        try:
            search = self.plan.start(self.texts, trials=self.trials.value, jobs=self.jobs.value)
            self.halt.disabled = False
            self._follow(search)
        except FmError as error:
            self._say(error)
        finally:
            self.button.disabled, self.halt.disabled = False, True

    def _follow(self, search: Search) -> None:
        from fmtools.store.searches import SearchFolder
        from fmtools.views.search import SearchView, html
        from fmtools.views.search_pictures import search_png

        view = SearchView(SearchFolder(search.path))
        while True:
            alive = view.folder.alive()
            if view.update():
                self.shown.value = html(view.record, view.state, search_png(view.record, view.state))
            if not alive:
                return
            time.sleep(LOOK)

    def _say(self, error: Exception) -> None:
        from fmtools.views.markup import esc

        self.shown.value = f'<div style="color:#c62828">{esc(error)}</div>'


class _Row:
    """One option: whether it is searched, and between which values."""

    def __init__(self, dimension: Dimension) -> None:
        import ipywidgets

        self.dimension = dimension
        self.tick = ipywidgets.Checkbox(True, description=dimension.name, indent=False)
        self.tick.layout.width = "12em"
        if dimension.choices:
            words = [(str(choice), choice) for choice in dimension.choices]
            self.value = ipywidgets.SelectMultiple(options=words, value=tuple(dimension.choices), rows=len(words))
        else:
            words = [(f"{stop:.3g}", stop) for stop in stops(dimension)]
            ends = (words[0][1], words[-1][1])
            self.value = ipywidgets.SelectionRangeSlider(options=words, value=ends, continuous_update=False)
            self.value.layout.width = "28em"
        self.parts = (self.tick, self.value)
        self.box = ipywidgets.HBox(list(self.parts))

    @property
    def text(self) -> str:
        if self.dimension.choices:
            return self.dimension.model_copy(update={"choices": list(self.value.value)}).typed
        low, high = self.value.value
        return self.dimension.model_copy(update={"low": low, "high": high}).typed


def stops(dimension: Dimension) -> list[float]:
    """Return the values a slider stops at, from low to high: evenly spread, on the dimension's scale."""
    low, high = dimension.low, dimension.high
    if dimension.whole and high - low <= STOPS:
        return [float(value) for value in range(int(low), int(high) + 1)]
    shares = [i / STOPS for i in range(STOPS + 1)]
    found = [low * (high / low) ** s if dimension.log else low + (high - low) * s for s in shares]
    inner = [float(f"{value:.3g}") for value in found[1:-1]]
    return sorted({low, *(round(v) if dimension.whole else v for v in inner), high})
