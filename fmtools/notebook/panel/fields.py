"""One option in the form. What was given is kept here; the widgets only show it, so nothing they cannot show is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as w

from fmtools.core.errors import FmError
from fmtools.core.options import Options
from fmtools.derive.fields import written
from fmtools.derive.forms import Control

from .live import live
from .words import help_of, label_of, say


class Unset:
    """What an option holds that nobody has given."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()
#: Values that are written as words in a choice.
WORDS = {True: "yes", False: "no"}


class Field:
    """One option: what was given, whether it can be, and (made when first asked for) the widgets that show it.

    `default` is what holds when nothing is given: the task's own, else the option's. `problem` says in a sentence what is
    wrong with what was given; the value is kept as it was typed.
    """

    def __init__(
        self,
        cls: type[Options],
        control: Control,
        changed: Callable[[Field], None],
        words: Callable[[str], list[str]],
        looks: dict[Any, dict[str, Any]] | None = None,
    ) -> None:
        self.cls, self.control = cls, control
        self._looks = {} if looks is None else looks
        self.given: Any = UNSET
        self.problem = ""
        self.default: Any = cls.model_fields[control.name].get_default()
        self._changed, self._words = changed, words
        self._widget: Any = None
        self._entry: Any = None
        self._slider: Any = None
        self._said: Any = None
        self._parts: list[Any] = []
        self._quiet = False

    @property
    def name(self) -> str:
        return self.control.name

    @property
    def widget(self) -> Any:
        """The option's row: label, slider where one makes sense, entry; under it what is wrong."""
        if self._widget is None:
            self._build()
        return self._widget

    @property
    def value(self) -> Any:
        """What holds: what was given, else the default."""
        return self.default if self.given is UNSET else self.given

    def set(self, value: Any) -> None:
        """Give a value (UNSET takes it back), as a user of the widgets would; no one is told."""
        self._take(value)
        self._show()

    def show_default(self, default: Any) -> None:
        """Say what holds when nothing is given."""
        if default is not self.default and (type(default) is not type(self.default) or default != self.default):
            self.default = default
            self._show()

    def _take(self, value: Any) -> None:
        self.problem = ""
        self.given = value
        if value is UNSET or not isinstance(value, str | int | float | list):
            return
        try:
            self.given = getattr(self.cls.parse({"data": "-", self.name: value}), self.name)
        except FmError as error:
            self.problem = str(error)

    # What follows is only about widgets.

    def _build(self) -> None:
        control = self.control
        tip = f"{help_of(control)}\n--{control.name.rstrip('_').replace('_', '-')} · {control.facts}"
        common = {"description": label_of(control), "tooltip": tip}
        self._entry = live(self._make_entry(common))
        self._entry.add_class("fmp-entry")
        parts = [self._entry]
        if control.slider:
            self._slider = live(self._make_slider(common))
            self._slider.observe(self._slid, "value")
            self._entry.add_class("fmp-beside")
            parts.insert(0, self._slider)
        if control.kind == "tags":
            parts.insert(0, w.Label(label_of(control), tooltip=tip))
        self._parts = parts
        self._said = self._make(w.HTML)
        self._widget = self._make(w.HBox, children=parts)
        for name in ("fmp-field", f"fmp-{control.kind}", f"fmp-is-{control.name}"):
            self._widget.add_class(name)
        self._entry.observe(self._typed, "value")
        self._show()

    def _make(self, kind: Any, **facts: Any) -> Any:
        """Make a widget that shares its layout and style with all of its kind: the page loads a third of the models."""
        shared = self._looks.get(kind, {})
        made = kind(**shared, **facts)
        if not shared:
            style = {"style": made.style} if hasattr(made, "style") else {}
            self._looks[kind] = {"layout": made.layout, **style}
        return made

    def _make_entry(self, common: dict[str, Any]) -> Any:
        control = self.control
        if control.kind == "check":
            return self._make(w.Checkbox, indent=False, **common)
        if control.kind == "task":
            return self._make(w.Dropdown, options=self._words(""), **common)
        if control.kind == "choice":
            return self._make(w.Dropdown, options=self._choices(), **common)
        if control.kind == "tags":
            return w.TagsInput(allowed_tags=self._words(""), allow_duplicates=False, tooltip=common["tooltip"])
        if control.kind == "list":
            return self._make(w.Textarea, rows=1, placeholder=say("one a line"), **common)
        if control.kind == "combo":
            return self._make(w.Combobox, options=self._words(""), ensure_option=False, **common)
        shown = {} if control.slider else common
        return self._make(w.Text, **{"tooltip": common["tooltip"], **shown})

    def _make_slider(self, common: dict[str, Any]) -> Any:
        s = self.control.slider
        assert s is not None
        if s.log:
            base = 2.0 if self.control.whole else 10.0
            ends = {"min": math.log(s.low, base), "max": math.log(s.high, base), "base": base, "step": s.step}
            return self._make(w.FloatLogSlider, value=s.low, readout=False, **ends, **common)
        kind = w.IntSlider if self.control.whole else w.FloatSlider
        number = int if self.control.whole else float
        ends = {"min": number(s.low), "max": number(s.high), "step": number(s.step)}
        return self._make(kind, value=ends["min"], readout=False, **ends, **common)

    def _choices(self) -> list[tuple[str, Any]]:
        default = say("found out") if self.default is None else WORDS.get(self.default, self.default)
        values = [(say(word), word == "yes") if word in ("yes", "no") else (word, word) for word in self.control.words]
        return [(say("{word} (default)").format(word=default), UNSET), *values]

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _typed(self, change: Any) -> None:
        if not self._quiet:
            self._take(self._read(change["new"]))
            self._offer(change["new"])
            self._show(typing=True)
            self._changed(self)

    def _offer(self, typed: Any) -> None:
        """Offer what lies in the folder that is being typed."""
        if self.control.kind == "combo" and "/" in typed:
            self._entry.options = self._words(typed)

    def _slid(self, change: Any) -> None:
        if self._quiet:
            return
        number = round(change["new"]) if self.control.whole else float(f"{change['new']:.3g}")
        self._take(UNSET if number == self.default else number)
        self._show(sliding=True)
        self._changed(self)

    def _read(self, raw: Any) -> Any:
        """Return what a widget's value means; an empty entry and a switch at its default give nothing."""
        kind = self.control.kind
        if kind == "check":
            return UNSET if raw == self.default else raw
        if kind in ("choice", "task"):
            return raw
        if kind == "list":
            return [line for line in raw.splitlines() if line.strip()] or UNSET
        if kind == "tags":
            return list(raw) or UNSET
        return raw if raw.strip() else UNSET

    def _show(self, typing: bool = False, sliding: bool = False) -> None:
        """Bring the widgets up to date; what is being typed or slid stays as it is."""
        if self._widget is None:
            return
        with self._quietly():
            if not typing or self.control.kind == "task":
                self._show_entry()
            if self._slider is not None and not sliding:
                self._show_slider()
        self._show_problem()
        (self._widget.remove_class if self.given is UNSET else self._widget.add_class)("fmp-given")

    def _show_entry(self) -> None:
        entry, given, kind = self._entry, self.given, self.control.kind
        if kind == "check":
            entry.value = bool(self.value)
        elif kind == "choice":
            entry.options = self._choices()
            entry.value = given
        elif kind == "task":
            entry.value = given if given in entry.options else None
        elif kind == "tags":
            entry.allowed_tags = list(dict.fromkeys([*self._words(""), *([] if given is UNSET else given)]))
            entry.value = [] if given is UNSET else given
        elif kind == "list":
            entry.value = "" if given is UNSET else "\n".join(given)
        else:
            entry.value = "" if given is UNSET else shown(given)
            entry.placeholder = placeholder(self.default, self.control)

    def _show_slider(self) -> None:
        slider, s = self._slider, self.control.slider
        assert s is not None
        if isinstance(self.value, int | float):
            slider.value = min(max(self.value, s.low), s.high)

    def _show_problem(self) -> None:
        from fmtools.views.markup import esc

        parts = list(self._parts)
        if self.problem:
            self._said.value = f'<div class="fmp-problem" role="alert">{esc(self.problem)}</div>'
            parts.append(self._said)
        (self._widget.add_class if self.problem else self._widget.remove_class)("fmp-bad")
        if len(self._widget.children) != len(parts):
            self._widget.children = parts


def shown(value: Any) -> str:
    """Return a value as an entry shows it; of an object its type."""
    return written(value) if isinstance(value, str | int | float) else type(value).__name__


def placeholder(default: Any, control: Control) -> str:
    """Return what an empty entry says: the default, or that it is found out or not needed."""
    if default in (None, "", []):
        return say("needed" if control.name == "data" else "optional")
    return shown(default)
