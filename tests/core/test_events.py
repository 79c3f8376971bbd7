"""Events and the wire: what is written can be read, numbers that are none included."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from fmtools.core import wire
from fmtools.core.events import ENDED, Control, Event, EventAdapter, Status, StepEvent

KINDS = get_args(get_args(Event)[0])


def strict(text: str) -> Any:
    """Read JSON as a browser does: no NaN, no Infinity."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_travels_whole(value: float) -> None:
    event = StepEvent(step=1, epoch=0.5, loss=value, learning_rate=1e-3)
    back = EventAdapter.validate_python(strict(event.model_dump_json()))
    assert isinstance(back, StepEvent)
    assert back.loss == value or (math.isnan(back.loss) and math.isnan(value))
    point = wire.Point.model_validate(strict(wire.Point(series="loss", step=1, value=value).model_dump_json()))
    assert str(point.value) == str(value)


def test_kinds_are_told_apart_by_their_type() -> None:
    tags = [kind.model_fields["type"].default for kind in KINDS]
    assert len(set(tags)) == len(tags) == 14
    with pytest.raises(ValidationError):
        EventAdapter.validate_python({"type": "no such type"})


def test_a_newer_versions_field_is_passed_over_in_events_and_refused_on_the_wire() -> None:
    known = {"type": "phase", "phase": "training", "seq": 1, "t": 0.0, "attempt": 1}
    assert EventAdapter.validate_python({**known, "colour": "red"}).model_dump() == known
    with pytest.raises(ValidationError):
        wire.Point.model_validate({"series": "loss", "step": 1, "value": 1.0, "colour": "red"})


def test_statuses_that_end_a_run_are_statuses() -> None:
    assert set(get_args(Status)) > ENDED
    assert "running" not in ENDED


@pytest.mark.parametrize("value", [0, -1, 11, math.nan, math.inf])
def test_a_rate_out_of_bounds_is_no_wish(value: float) -> None:
    with pytest.raises(ValidationError):
        Control(action="set_learning_rate", value=value)
