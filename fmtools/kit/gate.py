"""The gate before a written model gets its name: the same rows through it and through the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..core.contracts import Task
from ..core.errors import ModelError
from ..core.exporting import Runner, Subject
from . import recorded

#: How many rows are answered at once: single rows, odd numbers and full batches are different paths in a runtime.
SHAPES = (1, 1, 3, 7, 32)


@dataclass
class Difference:
    """How far one output was from the original's: `largest` absolute difference, over `scale`, the largest absolute value of
    the original; `shape` of the batch where that was."""

    largest: float = 0.0
    scale: float = 0.0
    shape: tuple[int, ...] = ()

    @property
    def relative(self) -> float:
        """The difference over the scale, or over 1 where the scale is smaller."""
        return self.largest / max(1.0, self.scale)


@dataclass
class Compared:
    """A written model beside its original on the same rows: both scored by the task, outputs compared array by array."""

    rows: int
    metrics: dict[str, float]
    metrics_of_original: dict[str, float]
    differences: dict[str, Difference]
    #: What `Task.outputs` gave for both, for those who look at single rows.
    outputs: tuple[Any, Any] = field(repr=False, default=(None, None))
    truth: Any = field(repr=False, default=None)

    @property
    def max_abs_diff(self) -> float:
        """The largest absolute difference of any output."""
        return max((found.largest for found in self.differences.values()), default=0.0)


def compare(task: Task, loaded: Any, subject: Subject, runner: Runner, rows: Any, meta: dict[str, Any]) -> Compared:
    """Score `rows` (prepared, an Arrow table) by the original and by `runner`, batches of several shapes; compare every output."""
    differences = {name: Difference() for name in subject.outputs}
    original = type(subject.model).forward

    def other(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        with torch.inference_mode():
            args, kwargs = ((dict(inputs),), {}) if subject.as_dict else ((), inputs)
            wanted = original(subject.model, *args, **kwargs)
        found = _checked(runner({name: value.cpu().numpy() for name, value in inputs.items()}), subject.outputs)
        mask = inputs.get("attention_mask")
        for name, difference in differences.items():
            _compare(difference, name, found[name], wanted[name].float().cpu().numpy(), mask)
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}

    with torch.inference_mode():
        asked, truth = task.outputs(loaded, rows, 32)
        before = task.score(asked, truth, meta)["metrics"]
        with recorded.answered_by(subject, other):
            for start, size in _starts(rows.num_rows):
                task.outputs(loaded, rows.slice(start, size), size)
            given, _ = task.outputs(loaded, rows, 32)
            after = task.score(given, truth, meta)["metrics"]
    return Compared(rows.num_rows, after, before, differences, (asked, given), truth)


def _starts(rows: int) -> list[tuple[int, int]]:
    places, at = [], 0
    for size in SHAPES:
        if size <= rows:
            places.append((at % (rows - size + 1), size))
            at += size
    return places


def _checked(found: Mapping[str, np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
    for name in names:
        if name not in found:
            raise ModelError(f"The written model gives no output `{name}`.", "It was not kept. Try another format.")
    return {name: np.asarray(found[name], np.float32) for name in names}


def _compare(into: Difference, name: str, found: np.ndarray, wanted: np.ndarray, mask: torch.Tensor | None) -> None:
    """Take the largest difference over real tokens: what stands on padding means nothing."""
    if found.shape != wanted.shape:
        raise ModelError(
            f"Output `{name}` has the shape {list(found.shape)} where the original has {list(wanted.shape)}.",
            "The written model was not kept: it does not take batches of this shape.",
        )
    if mask is not None and wanted.shape[:2] == tuple(mask.shape):
        kept = mask.cpu().numpy().astype(bool)
        found, wanted = found[kept], wanted[kept]
    apart = np.abs(found - wanted)
    largest = float(apart.max(initial=0.0)) if np.isfinite(apart).all() else float("inf")
    into.scale = max(into.scale, float(np.abs(wanted).max(initial=0.0)))
    if largest >= into.largest:
        into.largest, into.shape = largest, tuple(mask.shape if mask is not None else found.shape)


def refuse_if_apart(compared: Compared, allowed: float) -> None:
    """Raise ModelError, with the output's name, when a written model differs by more than `allowed` (relative)."""
    for name, difference in compared.differences.items():
        if not difference.relative <= allowed:
            raise ModelError(
                f"Output `{name}` of the written model is {difference.largest:.3g} away from the original's on a batch of "
                f"{' x '.join(map(str, difference.shape))}; {allowed * max(1.0, difference.scale):.2g} is allowed.",
                "It was not kept. Choose another format, or accept more with --max-diff.",
            )
