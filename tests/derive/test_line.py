"""A run's options become a line, and the line becomes the same options."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from fmtools.core.errors import OptionError
from fmtools.core.options import VERBS, Options, PredictOptions, TrainOptions, hint_of
from fmtools.core.options.steps import STEPS, parse_step
from fmtools.derive.fields import bare_type, choices, is_bool, is_list
from fmtools.derive.line import line
from fmtools.derive.parser import parse_line, parse_yaml
from fmtools.derive.words import quote, split


def value_for(name: str, field: Any) -> st.SearchStrategy[Any]:
    if words := choices(field):
        return st.sampled_from(words)
    if is_bool(field):
        return st.booleans()
    if hint_of(field).complete == "steps":
        return st.lists(st.sampled_from([parse_step(step.example).line() for step in STEPS.values()]), min_size=2)
    if is_list(field):
        return st.lists(st.text(), min_size=2, max_size=4)
    low, high = 0.0, 80.0
    for rule in field.metadata:
        low = getattr(rule, "ge", None) or getattr(rule, "gt", None) or low
        high = getattr(rule, "le", None) or high
    if bare_type(field) is int:
        return st.integers(int(low), int(high))
    if bare_type(field) is float:
        return st.floats(low, high, exclude_min=True)
    return st.text(min_size=1, max_size=60)


@st.composite
def options(draw: Any) -> Options:
    cls = draw(st.sampled_from(list(VERBS.values())))
    names = [n for n, f in cls.model_fields.items() if f.is_required() or draw(st.booleans())]
    values = {name: draw(value_for(name, cls.model_fields[name])) for name in names}
    try:
        made: Options = cls.parse(values)
    except OptionError:
        reject()  # options that contradict each other
    return made


def read_back(made: Options, text: str) -> Options:
    head, _, body = text.partition("\n")
    magic, _, rest = head.partition(" ")
    assert magic.lstrip("%") == made.magic_name()
    return parse_yaml(type(made), rest, body) if magic.startswith("%%") else parse_line(type(made), rest)


@settings(max_examples=400, deadline=None)
@given(options())
def test_a_line_makes_the_same_options_again(made: Options) -> None:
    text = line(made)
    assert read_back(made, text) == made
    assert text.startswith("%%") or len(text.splitlines()) == 1


@given(st.lists(st.text()))
def test_quoted_words_are_read_back(texts: list[str]) -> None:
    assert [word.text for word in split(" ".join(quote(text) for text in texts))] == texts


def test_only_what_differs_is_written() -> None:
    made = TrainOptions(
        data="intents", epochs=5, learning_rate=1e-3, watch=["turn on the lights", "why?"], background=True
    )
    expected = (
        '%fm_train --data intents --epochs 5 --learning-rate 0.001 --watch "turn on the lights" "why?" --background'
    )
    assert line(made) == expected


def test_a_variable_keeps_its_name_and_is_never_compared_by_value() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": ["a"], "label": ["b"]})
    assert line(TrainOptions(data=frame), {"data": "df"}) == "%fm_train --data df"
    assert line(PredictOptions(data=frame)) == "%fm_predict --data DataFrame"


def test_a_line_break_makes_a_cell() -> None:
    made = TrainOptions(data="x.csv", watch=["one\ntwo", "three"])
    assert line(made) == '%%fm_train --data x.csv\n"watch":\n- "one\\ntwo"\n- "three"\n'
    assert read_back(made, line(made)) == made
