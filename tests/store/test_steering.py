"""run.json keeps what was changed, and options that are true."""

from __future__ import annotations

from typing import Any

from fmtools.core.steering import Length, Steered
from fmtools.store import steering


def test_changes_are_kept_with_the_plan_from_before(make_run: Any) -> None:
    run = make_run(options={"epochs": 2.0, "seed": 7})
    rate = Steered(step=4, action="set_learning_rate", value=1e-5, by="lab")
    steering.keep(run, [rate], {"epochs": 2.0})
    steering.lengthen(run, 0.1)
    steering.lengthen(run, 0.2)
    record = run.record
    assert record.options == {"epochs": 2.3, "seed": 7}
    assert steering.length(record) == Length(2.0, None)
    assert [(c.step, c.action, c.value) for c in steering.changes(record)] == [
        (4, "set_learning_rate", 1e-5), (None, "extend", 0.1), (None, "extend", 0.2),
    ]  # fmt: skip


def test_a_run_of_so_many_steps_keeps_its_epochs(make_run: Any) -> None:
    run = make_run(options={"epochs": 3.0, "max_steps": 10})
    steering.lengthen(run, 2)
    assert run.record.options == {"epochs": 3.0, "max_steps": 10}  # the worker knows how many steps two epochs are
    assert steering.length(run.record) == Length(3.0, 10)
