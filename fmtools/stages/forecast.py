"""forecast: rehearse a run in miniature and say what was measured. The training stage itself is rehearsed, not a copy of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..store.runs import RunRecord

#: What a rehearsal does not do: it takes single batches, few of them, and evaluates and saves once, at its end.
SHORT: dict[str, Any] = {
    "gradient_accumulation": 1,
    "max_steps": 10,
    "eval_steps": 0,
    "save_minutes": 1440.0,
    "patience": None,
    "keep": "last",
    "compile": "off",
    "follow": [],
    "processes": 1,
}
Train = Callable[..., Any]


def shortened(record: RunRecord) -> RunRecord:
    """Return the record of a run that takes a few steps only."""
    known = {name: value for name, value in SHORT.items() if name in record.options}
    return record.model_copy(update={"options": {**record.options, **known}})


def forecast(train: Train, record: dict[str, Any], folder: str) -> dict[str, Any]:
    """Rehearse the run of a record in `folder`, two levels below the store, and return the facts (kit.cost.model.Facts).

    train: the training stage. Raises FmError as a training would.
    """
    from ..kit.cost.rehearsal import Rehearsal
    from ..kit.cost.scene import RehearsalContext

    asked = RunRecord.model_validate(record)
    context = RehearsalContext(Path(folder))
    rehearsal = Rehearsal(context, speeds=bool(asked.options.get("auto_batch")))
    rehearsal.facts.longest = int(asked.options["max_length"])
    rehearsal.facts.method = str(asked.options["method"])
    train(context, shortened(asked), rehearsal)
    return asdict(rehearsal.facts)
