"""The gate before a written model gets its name: the same rows through it and through the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ...core.contracts import Task
from ...core.errors import ModelError
from ...core.exporting import Runner, Subject
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
    """Score `rows` (prepared, an Arrow table) by the original and by `runner`, batches of several shapes; compare every output.

    What the batches of the subject's examples bring is compared before: a decoder's cache, empty and filled.
    Raises ModelError, with the output's name, for an output that is missing or has another shape, and for another text.
    """
    differences: dict[str, Difference] = {name: Difference() for part in subject.functions for name in part.outputs}

    def other(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        part = recorded.function_for(subject, inputs)
        with torch.inference_mode():
            wanted = recorded.call(part, inputs)
        found = _checked(runner({name: value.cpu().numpy() for name, value in inputs.items()}), part.outputs)
        for name, value in found.items():
            mask = _mask(inputs, part.axes.get(name, []))
            _compare(differences[name], name, value, wanted[name].float().cpu().numpy(), mask)
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}

    with torch.inference_mode():
        for part in subject.functions:
            for example in part.examples:
                other(example)
        asked, truth = task.outputs(loaded, rows, 32)
        before = task.score(asked, truth, meta)["metrics"]
        with recorded.answered_by(subject, other):
            for start, size in _starts(rows.num_rows) if not _writes(asked) else ():
                task.outputs(loaded, rows.slice(start, size), size)
            given, _ = task.outputs(loaded, rows, 32)
            after = task.score(given, truth, meta)["metrics"]
    if hasattr(loaded, "runner"):  # a user's own module computes its loss from a label, which no written model is given
        before, after = ({k: v for k, v in found.items() if k != "loss"} for found in (before, after))
    return Compared(rows.num_rows, after, before, differences, (asked, given), truth)


def _writes(outputs: Any) -> bool:
    """Say whether a model writes texts: each costs as many calls as tokens, and all shapes come by themselves."""
    return isinstance(outputs, dict) and ("written" in outputs or "answers" in outputs)


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


def _mask(inputs: Mapping[str, torch.Tensor], axes: list[str]) -> tuple[int, np.ndarray] | None:
    """Return (the axis of tokens, which of them are real [batch, tokens]) of an output: what stands on padding means nothing."""
    mask = inputs.get("attention_mask")
    place = next((i for i, axis in enumerate(axes) if axis in ("length", "total")), None)
    if mask is None or place is None:
        return None
    real = mask.cpu().numpy().astype(bool)
    return place, real[:, -inputs["input_ids"].shape[1] :] if axes[place] == "length" else real


def _compare(
    into: Difference, name: str, found: np.ndarray, wanted: np.ndarray, mask: tuple[int, np.ndarray] | None
) -> None:
    """Take the largest difference over real tokens."""
    shape = tuple(mask[1].shape) if mask is not None else tuple(found.shape)
    if found.shape != wanted.shape:
        raise ModelError(
            f"Output `{name}` has the shape {list(found.shape)} where the original has {list(wanted.shape)}.",
            "The written model was not kept: it does not take batches of this shape.",
        )
    if mask is not None:
        found, wanted = (np.moveaxis(array, mask[0], 1)[mask[1]] for array in (found, wanted))
    apart = np.abs(found - wanted)
    largest = float(apart.max(initial=0.0)) if np.isfinite(apart).all() else float("inf")
    into.scale = max(into.scale, float(np.abs(wanted).max(initial=0.0)))
    if largest >= into.largest:
        into.largest, into.shape = largest, shape


def refuse_other_texts(compared: Compared) -> None:
    """Raise ModelError when a written model, choosing the likeliest token each time, writes another text than the original."""
    pairs = [_texts(outputs) for outputs in compared.outputs]
    for wanted, found in zip(*pairs, strict=True):
        if wanted != found:
            raise ModelError(
                f"The written model writes {found[-60:]!r} where the original writes {wanted[-60:]!r}.",
                "It was not kept. Choose another format.",
            )


def _texts(outputs: Any) -> list[str]:
    written = (outputs.get("written") or outputs.get("answers") or []) if isinstance(outputs, dict) else []
    # A row is a text, or a table's: beginning, what was written, reference; prompt, before, after.
    place = 1 if isinstance(outputs, dict) and "written" in outputs else 2
    return [row if isinstance(row, str) else row[place] for row in written]


def refuse_if_apart(compared: Compared, allowed: float) -> None:
    """Raise ModelError, with the output's name, when a written model differs by more than `allowed` (relative)."""
    for name, difference in compared.differences.items():
        if not difference.relative <= allowed:
            raise ModelError(
                f"Output `{name}` of the written model is {difference.largest:.3g} away from the original's on a batch of "
                f"{' x '.join(map(str, difference.shape))}; {allowed * max(1.0, difference.scale):.2g} is allowed.",
                "It was not kept. Choose another format, or accept more with --max-diff.",
            )
