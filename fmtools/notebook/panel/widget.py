"""The panel: form, the line it stands for, what it would cost, and the buttons; under it the run's card."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from fmtools.core import registry
from fmtools.core.errors import FmError
from fmtools.core.options import TrainOptions

from ..live import LiveCard
from .code import Code
from .cost import Cost
from .form import Form
from .show import static
from .steering import Steering, button
from .words import say

if TYPE_CHECKING:
    from fmtools.api.panel import Panel

_numbers = count(1)


class PanelWidget(w.VBox):
    """Shows a `Panel`. `place` is the output under it; `namespace` where the names of variables are looked up."""

    def __init__(self, panel: Panel, namespace: Mapping[str, Any]) -> None:
        self.panel, self.namespace = panel, namespace
        self.place: Any = None
        self.summary = f"fm-panel-{id(self):x}-{next(_numbers)}"
        self.steering = Steering(self._train)
        self.cost = Cost(self._asked)
        self.form = Form(named(panel.values, namespace), self._candidates, self.refresh)
        self.code = Code(self.summary)
        self.reset = button("Reset", "reset", self._reset)
        foot = w.HBox([self.steering.widget, self.reset])
        foot.add_class("fmp-foot")
        super().__init__([self.form.widget, self.code, self.cost.widget, foot])
        self.add_class("fmp")
        self._began = dict(self.form.values())

    def begin(self) -> None:
        """Say what the form stands for, and begin to work out what it would cost."""
        with self.form.lock:
            self.refresh()

    def refresh(self) -> None:
        """Bring everything beside the form up to date with it; called with the form's lock held."""
        from fmtools.derive.spelling import as_cell, as_line, as_python

        given = self.form.values()
        self.panel.values.clear()
        self.panel.values.update(given)
        names = {n for n in ("data", "model") if isinstance(given.get(n), str) and self._is_variable(given[n])}
        self.code.forms = {
            "line": as_line(TrainOptions, given),
            "cell": as_cell(TrainOptions, given),
            "python": as_python(TrainOptions, given, names),
        }
        self._judge(given)
        if self.place is not None and not self.panel.runs:
            self._later_summary()
        self.cost.ask()

    def _judge(self, given: dict[str, Any]) -> None:
        wrong = len(self.form.problems())
        if wrong:
            many = "{count} option needs another value." if wrong == 1 else "{count} options need another value."
            said = say(many).format(count=wrong)
        elif self.form.problem:
            said = self.form.problem
        else:
            said = "" if given.get("data") or given.get("from_") else say("Choose the data to learn from.")
        self.steering.can_train = not said
        self.steering.show()
        if self.steering.run is None:
            self.steering.say(said or say("Nothing else is needed: press Train."), bad=bool(wrong or self.form.problem))

    def _later_summary(self) -> None:
        self.place.update(static(self.panel.values, self.summary), raw=True)

    def _reset(self) -> None:
        with self.form.lock:
            self.form.set(self._began)
            self.form.redraw()
            self.refresh()

    def _is_variable(self, word: str) -> bool:
        return word.isidentifier() and word in self.namespace

    def _candidates(self, name: str, prefix: str) -> list[str]:
        from fmtools.derive.values import candidates

        from ..completion import environment_at

        if name == "task":
            return registry.names("tasks")
        return candidates(TrainOptions, name, prefix, environment_at(self.namespace))

    def _options(self) -> TrainOptions:
        """Return what the form says, with the notebook's variables in it. Raises OptionError."""
        from fmtools.derive.line import line

        from ..variables import resolve

        options = self.form.options()
        resolved = resolve(options, self.namespace)
        options.asked_as(line(options, resolved.names), resolved.names)
        return options

    def _asked(self) -> TrainOptions | None:
        """Return what there is to forecast; None while the form is not filled."""
        if not self.steering.can_train:
            return None
        with self.form.lock:
            try:
                return self._options()
            except FmError:
                return None

    def _train(self) -> None:
        from fmtools import api

        with self.form.lock:
            options = self._options()
        options.background, options.inline = True, False
        card = PlacedCard(self.place)
        result = api.execute(options, card)
        if not isinstance(result, api.Run):
            self._show(result)
            return
        self.panel.runs.append(result)
        self.steering.say("")
        self.steering.follow(result, card.tick)
        card.end_at_last()

    def _show(self, result: Any) -> None:
        """Show what is no run (a forecast, a picture of learning rates) in the run's place."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if result is None or shell is None or self.place is None:
            self.steering.say(say("It was run without a result.") if result is None else str(result))
            return
        assert shell.display_formatter is not None
        data, metadata = shell.display_formatter.format(result)
        self.place.update(data, metadata=metadata, raw=True)
        self.steering.say("")


class PlacedCard(LiveCard):
    """The card of a run in the background, in an output that is there already."""

    def __init__(self, place: Any) -> None:
        super().__init__(place or _Nowhere())

    def end(self) -> None:
        """A run in the background is left alone at once; the panel goes on looking."""

    def end_at_last(self) -> None:
        """Show how the run ended."""
        super().end()


class _Nowhere:
    """Takes updates where nothing is shown."""

    def update(self, *args: Any, **facts: Any) -> None:
        del args, facts


def named(values: dict[str, Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with the names of the user's variables in the place of their objects."""
    found = dict(values)
    for name in ("data", "model"):
        value = values.get(name)
        if value is not None and not isinstance(value, str):
            found[name] = next((n for n, v in list(namespace.items()) if v is value and n[:1] != "_"), value)
    return found
