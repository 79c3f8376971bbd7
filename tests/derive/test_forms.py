"""Each option as a form shows it: the kind of entry, where its slider reaches, and the group it stands in."""

from __future__ import annotations

import math

import pytest

from fmtools.core.options import TrainOptions
from fmtools.derive.fields import is_list
from fmtools.derive.forms import Control, controls

ALL = {control.name: control for control in controls(TrainOptions)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("task", "task"), ("data", "combo"), ("model", "combo"), ("from_", "combo"), ("text_column", "text"), ("epochs", "number"),
        ("schedule", "choice"), ("multi_label", "choice"), ("packing", "check"), ("watch", "list"), ("follow", "tags"), ("fit", "text"),
    ],
)  # fmt: skip
def test_kinds(name: str, kind: str) -> None:
    assert ALL[name].kind == kind


def test_every_option_has_a_label_help_and_a_section() -> None:
    assert list(ALL) == list(TrainOptions.model_fields)
    for control in ALL.values():
        assert control.label
        assert control.help
        assert control.section
        assert control.section[0].isupper()


@pytest.mark.parametrize("control", [c for c in ALL.values() if c.slider], ids=lambda c: c.name)
def test_sliders_stay_within_bounds_and_hold_the_default(control: Control) -> None:
    s = control.slider
    assert s is not None
    assert s.low < s.high
    default = TrainOptions.model_fields[control.name].default
    if default is not None:
        assert s.low <= default <= s.high
    if s.log:
        assert s.low > 0
    for value in (s.low, s.high):
        TrainOptions.parse({"data": "x", control.name: int(value) if control.whole else value})


def test_a_logarithmic_slider_of_whole_numbers_moves_in_powers_of_two() -> None:
    s = ALL["batch_size"].slider
    assert s is not None
    assert (s.log, s.step, math.log2(s.low), math.log2(s.high)) == (True, 1.0, 0.0, 9.0)
    rate = ALL["learning_rate"].slider
    assert rate is not None
    assert (rate.low, rate.high) == pytest.approx((1e-6, 1e-2))


def test_lists_and_open_texts_have_no_slider() -> None:
    assert not [
        c.name for c in ALL.values() if c.slider and (c.kind != "number" or is_list(TrainOptions.model_fields[c.name]))
    ]
    assert ALL["seed"].slider is None, "no range of seeds is worth one"
    assert ALL["max_steps"].slider is None


def test_options_of_some_tasks_say_so() -> None:
    assert ALL["packing"].tasks == ("text-generation",)
    assert ALL["epochs"].tasks == ()
