"""The verbs that look: at data, models, runs, and at what a trained model says."""

from __future__ import annotations

import base64
from typing import Any

from ..core import registry
from ..core.contracts import Dataset, Task
from ..core.errors import DataError, FmError
from ..core.options import (
    AttentionOptions,
    BaselineOptions,
    DoctorOptions,
    EvaluateOptions,
    PredictOptions,
    RunsOptions,
)
from ..runtime import launch
from ..runtime.wait import Follower
from ..store import datasets
from ..store.runs import RunRecord, find_run, home
from ..views.listing import summaries
from . import checkup
from .results import AttentionMap, Checkup, Predictions, Report, RunTable
from .run import Run
from .written import answering


def evaluate(options: EvaluateOptions, follower: Follower) -> Report:
    """Score on the data given, or on the rows the run has kept for that."""
    del follower
    asked = answering(options.run)
    folder = asked.run.trained()
    record, notices = folder.record, []
    reference = record.dataset
    splits = datasets.splits(reference, home())
    if options.data is not None:
        prepared = _align(record, launch.load(options.data, options))
        reference, notices = datasets.keep(prepared, f"{record.name}-evaluation", home()), prepared.notices
        splits = {name: table.num_rows for name, table in prepared.splits.items()}
    split = _split(options.split, splits)
    answer = launch.ask(
        "evaluate",
        task=record.task,
        folder=str(folder.model),
        reference=reference,
        root=str(home()),
        split=split,
        batch_size=options.batch_size,
        written=asked.folder,
    )
    return _report(asked.name, answer, notices)


def baseline(options: BaselineOptions, follower: Follower) -> Report:
    """Score what needs no fine-tuning."""
    del follower
    a = launch.baseline(options)
    return _report(a["name"], a, a["notices"])


def _report(name: str, answer: dict[str, Any], notices: list[str]) -> Report:
    keys = ("split", "rows", "metrics", "report", "confusion", "details")
    return Report(name, **{key: answer[key] for key in keys if key in answer}, notices=notices)


def _align(record: RunRecord, data: Dataset) -> Any:
    task: Task = registry.get("tasks", record.task)
    return task.align(data, launch.meta_of(record))


def _split(wanted: str | None, splits: dict[str, int]) -> str:
    if wanted is None:
        return next((name for name in ("test", "all", "validation", "train") if splits.get(name)), "train")
    if not splits.get(wanted):
        raise DataError(
            f"The data have no rows in a split {wanted!r}.",
            f"They have {', '.join(f'{n} ({r:,} rows)' for n, r in splits.items())}.",
        )
    return wanted


def predict(options: PredictOptions, follower: Follower) -> Predictions:
    """Predict the texts given, then those of the data given, in order."""
    del follower
    asked = answering(options.run)
    folder = asked.run.trained()
    inputs = launch.inputs(options, folder.record)
    plain = options.model_dump(mode="json", exclude={"data"}, exclude_unset=True)
    job = {"task": folder.record.task, "folder": str(folder.model), "written": asked.folder}
    answer = launch.ask("predict", inputs=inputs, options=plain, **job)
    return Predictions(answer["predictions"])


def attention(options: AttentionOptions, follower: Follower) -> AttentionMap:
    """Look into a run's model, or into one of the catalogue before any training."""
    import numpy as np

    del follower
    if options.run in registry.names("models"):
        job = {"task": "text-classification", "folder": launch.resolve(options.run), "trained": False}
    else:
        folder = Run(find_run(options.run)).trained()
        job = {"task": folder.record.task, "folder": str(folder.model), "trained": True}
    answer = launch.ask("attention", text=options.text, **job)
    layers, heads, n = answer["layers"], answer["heads"], len(answer["tokens"])
    for name, value, count in (("layer", options.layer, layers), ("head", options.head, heads)):
        if value is not None and value >= count:
            raise FmError(f"--{name} {value} is not there: this model has {count} {name}s, 0 to {count - 1}.", "")
    weights = np.frombuffer(base64.b64decode(answer["data"]), np.uint8).reshape(layers, heads, n, n)
    return AttentionMap(options.text, answer["tokens"], weights, options.layer, options.head)


def runs(options: RunsOptions, follower: Follower) -> RunTable:
    """List the runs that fit, newest first."""
    del follower
    narrowed = options.status or options.task
    rows = summaries(home(), None if narrowed else options.limit)
    fits = [r for r in rows if options.status in (None, r.head.status) and options.task in (None, r.head.task)]
    return RunTable(fits[: options.limit], str(home()))


def doctor(options: DoctorOptions, follower: Follower) -> Checkup:
    """Carry out every check."""
    del options, follower
    return Checkup(checkup.checks())
