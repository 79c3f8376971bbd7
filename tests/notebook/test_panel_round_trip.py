"""Panel -> line -> cell -> Python -> panel: whatever was given, nothing is lost on the way."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmtools.api.panel import Panel
from fmtools.core import registry
from fmtools.core.errors import FmError
from fmtools.core.options import PanelOptions, TrainOptions
from fmtools.derive.forms import Control, controls
from fmtools.derive.parser import parse_line, parse_yaml
from fmtools.derive.spelling import as_cell, as_line, as_python
from fmtools.notebook.panel.widget import PanelWidget

ALL = {control.name: control for control in controls(TrainOptions)}
#: Blanks at the ends, quotes, option-like words, breaks of every kind, Chinese.
TEXTS = st.one_of(
    st.text(min_size=1, max_size=20),
    st.sampled_from(["--epochs", "- 3", "it's", 'say "so"', "C:\\", "a\nb", "null", "~", "no", "1e-3", "#x", "{a: b}", "猫抓老鼠", "a\u2028b"]),
).filter(str.strip)  # fmt: skip


def values_of(control: Control) -> st.SearchStrategy[Any]:
    """Return values that the option may have, by its own bounds: what it refuses is left out."""
    if control.kind == "check" or control.words == ("yes", "no"):
        return st.booleans()
    if control.kind == "task":
        return st.sampled_from(registry.names("tasks"))
    if control.kind == "choice":
        return st.sampled_from(control.words)
    if control.kind == "number":
        numbers = st.integers(0, 5000) if control.whole else st.floats(0, 1, width=64)
        return st.one_of(numbers, st.integers(1, 40)).filter(lambda value: fine(control.name, value))
    if control.name in ("fit", "memory_limit"):
        return st.sampled_from(["2GB", "500 MB", "1.5GiB"])
    if control.name == "time":
        return st.sampled_from(["90s", "10m", "1h30m"])
    if control.kind in ("list", "tags"):
        return st.lists(TEXTS, min_size=1, max_size=3).filter(lambda value: fine(control.name, value))
    return TEXTS.filter(lambda value: fine(control.name, value))


def fine(name: str, value: Any) -> bool:
    try:
        TrainOptions.parse({"data": "x", name: value})
    except FmError:
        return False
    return True


SOME = st.fixed_dictionaries({"task": values_of(ALL["task"]), "data": values_of(ALL["data"])}).flatmap(
    lambda fixed: st.lists(st.sampled_from([n for n in ALL if n not in fixed]), max_size=6, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: values_of(ALL[name]) for name in names}).map(
            lambda more: {**fixed, **more}
        )
    )
)


@cache
def whole_panel() -> PanelWidget:
    """A panel whose widgets are all made: a second to make, so that the examples share it."""
    panel = PanelWidget(Panel({"task": "text-classification"}), {})
    panel.cost.ask = lambda: None  # type: ignore[method-assign]
    for number in range(len(panel.form._accordion.children)):
        panel.form._accordion.selected_index = number
    return panel


def panel_of(values: dict[str, Any]) -> PanelWidget:
    panel = whole_panel()
    panel.form.set(values)
    panel.form.redraw()
    panel.refresh()
    return panel


def typed(text: str, cls: type[TrainOptions] = TrainOptions) -> dict[str, Any]:
    """Read a line or a cell as the notebook does, and return what it gives."""
    first, _, body = text.partition("\n")
    name = cls.magic_name()
    assert first.lstrip("%").split()[0] == name
    head = first.partition(name)[2]
    options = parse_yaml(cls, head, body) if first.startswith("%%") else parse_line(cls, head)
    return {n: getattr(options, n) for n in TrainOptions.model_fields if n in options.model_fields_set}


def called(text: str) -> dict[str, Any]:
    """Run the call, with a `train` that only takes note of its keywords."""
    note = SimpleNamespace(train=lambda task, **rest: {"task": task, **rest})
    found: dict[str, Any] = eval(text, {"fmtools": note})
    options = TrainOptions.parse(found)
    return {n: getattr(options, n) for n in TrainOptions.model_fields if n in options.model_fields_set}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SOME)
def test_nothing_is_lost(values: dict[str, Any]) -> None:
    options = TrainOptions.parse(values)
    wanted = {n: getattr(options, n) for n in TrainOptions.model_fields if n in values}
    panel = panel_of(wanted)
    assert panel.form.values() == wanted
    assert panel.form.problems() == {}
    assert typed(panel.code.forms["line"]) == wanted
    assert typed(panel.code.forms["cell"]) == wanted
    assert called(panel.code.forms["python"]) == wanted
    again = parse_yaml(PanelOptions, "", as_cell(PanelOptions, wanted).partition("\n")[2] or "{}")
    assert panel_of({**wanted, **again.given()}).form.values() == wanted


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("task", "data")])
def test_every_option_comes_back(name: str) -> None:
    samples = {"check": not TrainOptions.model_fields[name].default, "choice": (ALL[name].words or ("x",))[-1], "list": ["a b", "c"], "tags": ["tensorboard"]}  # fmt: skip
    texts = {"fit": "2GB", "memory_limit": "4GB", "time": "10m"}
    number = next((value for value in (0.25, 4, 64) if fine(name, value)), 0)
    value = texts.get(name, samples.get(ALL[name].kind, number if ALL[name].kind == "number" else "a word"))
    value = value == "yes" if name == "multi_label" else value
    wanted = {"task": "text-classification", "data": "intents", name: value}
    wanted[name] = getattr(TrainOptions.parse(wanted), name)
    assert typed(as_line(TrainOptions, wanted)) == wanted
    assert typed(as_cell(TrainOptions, wanted)) == wanted
    assert called(as_python(TrainOptions, wanted)) == wanted
    panel = panel_of(wanted)
    assert typed(panel.code.forms["line"]) == wanted


def test_what_a_widget_cannot_show_stays_until_it_is_edited() -> None:
    given = {"task": "text-classification", "data": "intents", "watch": ["two\nlines", ""], "learning_rate": 0.9, "batch_size": 4096}  # fmt: skip
    panel = panel_of(given)
    assert panel.form.values() == given
    rate = panel.form.fields["learning_rate"]
    assert rate._slider.value == pytest.approx(0.01), "the slider's end"
    assert rate._entry.value == "0.9"
    rate._entry.value = "0.8"
    assert panel.form.values() == {**given, "learning_rate": 0.8}
