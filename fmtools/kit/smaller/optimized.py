"""An optimized model beside its original: how much of the score it lost, how often it says something else, how fast it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.contracts import Task
from ...core.exporting import Runner, Subject
from ...core.goals import lower_is_better
from ..exporting import recorded
from ..onnx import timing as onnx_timing
from ..scoring import row_answers

#: Rows answered one by one, to see whether answers depend on what else is in a batch.
ALONE = 128
AT_ONCE = 32
#: Batch sizes that are timed.
BATCHES = (1, 32)


@dataclass
class Original:
    """What the trained model itself makes of the held-out rows; found once, however many methods are tried."""

    task: Task
    loaded: Any
    subject: Subject
    rows: Any
    meta: dict[str, Any]
    outputs: Any = field(init=False, repr=False)
    truth: Any = field(init=False, repr=False)
    scores: dict[str, Any] = field(init=False, repr=False)
    said: list[Any] = field(init=False, repr=False)
    unit: str = field(init=False)

    def __post_init__(self) -> None:
        with torch.inference_mode():
            self.outputs, self.truth = self.task.outputs(self.loaded, self.rows, AT_ONCE)
        self.scores = self.task.score(self.outputs, self.truth, self.meta)
        self.said, self.unit = row_answers.of(self.task, self.outputs, self.truth, self.meta)


def judge(original: Original, runner: Runner, name: str) -> dict[str, Any]:
    """Return what an optimized model makes of the same rows, as plain JSON: metrics, agreement, classes, differing rows.

    runner: the optimized model in a fresh process. name: what it is called in tables.
    """
    task, meta, rows = original.task, original.meta, original.rows
    outputs = answered(original, runner, rows, AT_ONCE)
    scores = task.score(outputs, original.truth, meta)
    said, _ = row_answers.of(task, outputs, original.truth, meta)
    main = task.main_metric
    before, after = original.scores["metrics"], scores["metrics"]
    return {
        "metrics": after,
        "metrics_of_original": before,
        "main": main,
        "points_lost": points_lost(main, before, after),
        "agreement": row_answers.agreement(original.said, said),
        "units": len(said),
        "unit": original.unit,
        "by_class": row_answers.by_class(original.said, said),
        "report": {key: [row["f1"], scores["report"][key]["f1"]] for key, row in _classes(original.scores, scores)},
        "batch": _batch_changes(original, runner, said),
        "max_abs_diff": largest_difference(original.subject, runner),
        "rows": rows.num_rows,
        "details": row_answers.differing(original.said, said, rows, original.truth, meta, ("original", name)),
    }


def _classes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any]]:
    report = before.get("report") or {}
    return [
        (key, row)
        for key, row in report.items()
        if key in (after.get("report") or {}) and "f1" in row and not key.endswith(" avg")
    ]


def answered(original: Original, runner: Runner, rows: Any, batch_size: int) -> Any:
    """Return `Task.outputs` of rows (Arrow) with the optimized model in the original's place."""

    def other(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = runner({name: value.cpu().numpy() for name, value in inputs.items()})
        names = recorded.function_for(original.subject, inputs).outputs
        return {name: torch.from_numpy(np.ascontiguousarray(found[name], np.float32)) for name in names}

    with torch.inference_mode(), recorded.answered_by(original.subject, other):
        return original.task.outputs(original.loaded, rows, batch_size)[0]


def _batch_changes(original: Original, runner: Runner, said: Sequence[Any]) -> dict[str, int] | None:
    """Return how many of some rows get another answer alone than in a full batch; None where single answers are not known."""
    rows = original.rows.slice(0, ALONE)
    if not said or len(said) != original.rows.num_rows:
        return None
    outputs = answered(original, runner, rows, 1)
    truth = original.truth[: rows.num_rows] if original.truth is not None else None
    alone, _ = row_answers.of(original.task, outputs, truth, original.meta)
    return {"rows": rows.num_rows, "changed": sum(a != b for a, b in zip(alone, said, strict=False))}


def points_lost(main: str, before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return what the main metric lost, in points: hundredths of a score of 1, points of one of 100, per cent of a loss."""
    one, other = before.get(main, 0.0), after.get(main, 0.0)
    if not np.isfinite(other):
        return float("inf")
    if lower_is_better(main):
        return 100.0 * (other - one) / abs(one) if one else 0.0
    return (one - other) * (1.0 if abs(one) > 1.0 else 100.0)


def largest_difference(subject: Subject, runner: Runner) -> float:
    """Return the largest absolute difference of any output on the subject's example batches."""
    largest = 0.0
    for part in subject.functions:
        for example in part.examples:
            with torch.inference_mode():
                wanted = recorded.call(part, example)
            found = runner({name: value.cpu().numpy() for name, value in example.items()})
            for name in part.outputs:
                apart = np.abs(np.asarray(found[name], np.float32) - wanted[name].float().cpu().numpy())
                largest = max(largest, float(apart.max(initial=0.0)))
    return largest


def feeds(original: Original, rows: Any, batch_size: int) -> list[dict[str, np.ndarray]]:
    """Return the batches that the model is given for some rows (Arrow), as arrays."""
    found: list[dict[str, np.ndarray]] = []

    def keep(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found.append({name: value.cpu().numpy() for name, value in inputs.items()})
        return recorded.call(recorded.function_for(original.subject, inputs), inputs)

    with torch.inference_mode(), recorded.answered_by(original.subject, keep):
        original.task.outputs(original.loaded, rows, batch_size)
    return found


def timed(original: Original, files: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Return [{"name", "batch", "length", "seconds"}]: the original in torch and each ONNX file on batches of real rows,
    one thread each, medians of turns."""
    part = original.subject.functions[0]

    def eager(feed: Mapping[str, np.ndarray]) -> Any:
        with torch.inference_mode():
            return recorded.call(part, {name: torch.from_numpy(feed[name]) for name in part.inputs})

    found: list[dict[str, Any]] = []
    with onnx_timing.threads():
        models: dict[str, Any] = {"original": eager, **{name: onnx_timing.onnx(path) for name, path in files.items()}}
        for batch in BATCHES:
            batches = feeds(original, original.rows.slice(0, batch), batch)
            feed = next((one for one in batches if set(part.inputs) <= set(one)), None)
            if feed is None:
                continue
            shape = next(iter(feed.values())).shape
            size, length = int(shape[0]), int(shape[1]) if len(shape) > 1 else 1
            for name, seconds in onnx_timing.in_turns(models, feed).items():
                found.append({"name": name, "batch": size, "length": length, "seconds": seconds})
    return found
