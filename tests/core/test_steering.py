"""How long a run is, with what was added to it."""

from __future__ import annotations

import pytest

from fmtools.core.steering import Length, Steered, steps_in


def more(*epochs: float) -> list[Steered]:
    return [Steered(step=3, action="extend", value=value) for value in epochs]


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "steps"), [(3, 11, 33), (0.57, 100, 57), (1.1, 10, 11), (2.5, 11, 28), (0.001, 5, 1)]
)
def test_a_part_of_a_step_is_a_step_and_rounding_is_none(epochs: float, per_epoch: int, steps: int) -> None:
    assert steps_in(epochs, per_epoch) == steps


def test_additions_add_up_whatever_the_run_was_planned_by() -> None:
    by_epochs, by_steps = Length(2.0), Length(2.0, max_steps=7)
    assert by_epochs.total_steps(more(0.1, 0.2), 10) == 23
    assert by_epochs.options(more(0.1, 0.2), 10) == {"epochs": 2.3}
    for per_epoch in range(1, 50):
        assert by_steps.total_steps((), per_epoch) == 7
        assert by_steps.options(more(1, 2), per_epoch) == {"max_steps": 7 + 3 * per_epoch}


def test_a_rate_is_no_length() -> None:
    assert Length(2.0).total_steps([Steered(step=1, action="set_learning_rate", value=5.0)], 10) == 20
