"""Changes of a run that its run.json keeps, so that its options stay true and a resume can make them again."""

from __future__ import annotations

from typing import Any

from ..core.steering import Length, Steered
from .checkpoints import Checkpoints
from .files import write_json
from .runs import RunFolder, RunRecord


def length(record: RunRecord) -> Length:
    """Return how long the run was planned to be when it was made."""
    planned = record.planned or record.options
    return Length(float(planned.get("epochs") or 0.0), planned.get("max_steps"))


def changes(record: RunRecord) -> list[Steered]:
    """Return what was changed, in the order in which it counts."""
    return [Steered.model_validate(change) for change in record.steered]


def keep(run: RunFolder, steered: list[Steered], options: dict[str, Any]) -> None:
    """Write the changes, and the options that they make true. Only who holds the run's lease may. Raises OSError."""
    record = run.record
    first = {name: record.options.get(name) for name in ("epochs", "max_steps")}
    record.planned = record.planned or first
    record.steered = [change.model_dump() for change in steered]
    record.options = {**record.options, **options}
    write_json(run.path / "run.json", record.model_dump(mode="json"))


def set_rate(run: RunFolder, rate: float) -> None:
    """Write down that the next attempt begins with another learning rate. Later changes of the rate, which the attempt
    before made after the checkpoint that is begun from, are no longer wished. Raises OSError."""
    record, newest = run.record, max(Checkpoints(run.path).steps(), default=0)
    wish = Steered(step=None, action="set_learning_rate", value=rate, by="resume")
    kept = [c for c in changes(record) if c.action != "set_learning_rate" or (c.step is not None and c.step <= newest)]
    keep(run, [*kept, wish], {})


def lengthen(run: RunFolder, epochs: float) -> None:
    """Write down that the next attempt adds `epochs` (below 0: takes them away). Raises OSError."""
    record = run.record
    wish = Steered(step=None, action="extend", value=epochs, by="resume")
    planned = {} if record.options.get("max_steps") else {"epochs": round(record.options["epochs"] + epochs, 6)}
    keep(run, [*changes(record), wish], planned)
