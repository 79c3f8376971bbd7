"""The form: every option of `train`, the basic ones in sight, the others by idea, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import RLock
from typing import Any

import ipywidgets as w

from fmtools.core import registry
from fmtools.core.errors import FmError
from fmtools.core.options import TrainOptions
from fmtools.derive.forms import Control, controls

from .fields import UNSET, Field
from .live import live
from .words import say


class Form:
    """All options as fields. `changed` is called after each change, with the lock held."""

    def __init__(
        self, values: dict[str, Any], candidates: Callable[[str, str], list[str]], changed: Callable[[], None]
    ) -> None:
        self.lock = RLock()
        self.problem = ""
        self._candidates = candidates
        self._looks: dict[Any, dict[str, Any]] = {}
        self._notify: Callable[[], None] = lambda: None
        self.fields = {c.name: self._field(c) for c in controls(TrainOptions)}
        self._basic, self._checks = w.Box(), w.Box()
        self._sections: dict[str, Any] = {}
        self._titles: list[str] = []
        self.set(values)
        self.widget = self._lay_out()
        self._notify = changed

    @property
    def task(self) -> str:
        return str(self.fields["task"].value)

    def values(self) -> dict[str, Any]:
        """Return what was given, by field name; what cannot be is there as it was typed."""
        return {name: field.given for name, field in self.fields.items() if field.given is not UNSET}

    def set(self, values: dict[str, Any]) -> None:
        """Give exactly these values."""
        with self.lock:
            for name, field in self.fields.items():
                field.set(values.get(name, UNSET))
            self._look()

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by option: one sentence each."""
        return {name: field.problem for name, field in self.fields.items() if field.problem}

    def options(self) -> TrainOptions:
        """Return the options that the form gives. Raises OptionError."""
        options: TrainOptions = TrainOptions.parse(self.values())
        return options

    def _field(self, control: Control) -> Field:
        words = partial(self._candidates, control.name)
        return Field(TrainOptions, control, self._changed, words, self._looks)

    def _changed(self, field: Field) -> None:
        with self.lock:
            self._look()
            if field.name == "task":
                self._fill()
            self._count()
            self._notify()

    def _look(self) -> None:
        """Ask the task for its defaults, and the options as a whole whether they go together."""
        good = {name: value for name, value in self.values().items() if not self.fields[name].problem}
        self.problem = ""
        try:
            options = TrainOptions.parse({"data": "-", **good})
            own = registry.get("tasks", self.task).defaults(options)
        except FmError as error:
            self.problem, own = str(error), {}
        for name, field in self.fields.items():
            field.show_default(own.get(name, TrainOptions.model_fields[name].get_default()))

    # What follows is only about widgets.

    def redraw(self) -> None:
        """Show the options of the task after values were given from outside."""
        self._fill()
        self._count()

    def _lay_out(self) -> Any:
        self._basic.add_class("fmp-grid")
        self._checks.add_class("fmp-checks")
        self._titles = list(
            dict.fromkeys(f.control.section for f in self.fields.values() if f.control.group != "basic")
        )
        for title in self._titles:
            self._sections[title] = w.Box()
            self._sections[title].add_class("fmp-grid")
        self._accordion = live(w.Accordion(children=list(self._sections.values()), selected_index=None))
        self._accordion.observe(lambda change: self._fill(), "selected_index")
        self._fill()
        self._count()
        box = w.VBox([self._basic, self._checks, self._accordion])
        box.add_class("fmp-form")
        return box

    def _fill(self) -> None:
        """Put the options of the task on the page; those of a closed section when it is opened."""
        with self.lock:
            basic = [f for f in self._for_task() if f.control.group == "basic"]
            self._put(self._basic, [f for f in basic if f.control.kind != "check"])
            self._put(self._checks, [f for f in basic if f.control.kind == "check"])
            index = self._accordion.selected_index
            for number, (title, box) in enumerate(self._sections.items()):
                if number == index or box.children:
                    self._put(box, self._of_section(title))

    def _put(self, box: Any, fields: list[Field]) -> None:
        children = tuple(field.widget for field in fields)
        if box.children != children:
            box.children = children

    def _for_task(self) -> list[Field]:
        """Return the options for this task, and those of other tasks that were given all the same."""
        return [
            f
            for f in self.fields.values()
            if not f.control.tasks or self.task in f.control.tasks or f.given is not UNSET
        ]

    def _of_section(self, title: str) -> list[Field]:
        return [f for f in self._for_task() if f.control.group != "basic" and f.control.section == title]

    def _count(self) -> None:
        """Say on each closed section how many of its options are set."""
        titles = []
        for title in self._titles:
            count = sum(f.given is not UNSET for f in self._of_section(title))
            said = say("{title} · {count} set").format(title=say(title), count=count) if count else say(title)
            titles.append(said)
        if list(self._accordion.titles) != titles:
            self._accordion.titles = titles
