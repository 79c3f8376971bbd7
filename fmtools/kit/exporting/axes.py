"""What the axes of a model's arrays are called, told from a few batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What the last axis of an output is, by task.
LAST = {
    "text-classification": "labels",
    "token-classification": "labels",
    "fill-mask": "vocabulary",
    "text-generation": "vocabulary",
    "sentence-similarity": "width",
}
#: Inputs that run along the tokens, even if all the rows looked at happened to have the same number.
ALONG = ("input_ids", "attention_mask", "token_type_ids", "position_ids")


def axes_of(
    task: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    taken: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, Any]],
) -> dict[str, list[str]]:
    """Return the names of the axes of inputs and outputs: batch, length where they change with the tokens, fixed ones else."""
    found = {name: _input(name, [one[name].shape for one in taken]) for name in inputs}
    along = next((name for name in inputs if "length" in found[name]), None)
    lengths = [one[along].shape[1] for one in taken] if along else []
    for name in outputs:
        found[name] = _output(task, [one[name].shape for one in given if name in one], lengths)
    return found


def _input(name: str, shapes: list[Any]) -> list[str]:
    names = ["batch"]
    for axis in range(1, len(shapes[0])):
        changes = axis == 1 and (name in ALONG or len({shape[axis] for shape in shapes}) > 1)
        names.append("length" if changes else f"axis_{axis}")
    return names


def _output(task: str, shapes: list[Any], lengths: list[int]) -> list[str]:
    names = ["batch"]
    for axis in range(1, len(shapes[0])):
        last = axis == len(shapes[0]) - 1
        if (
            axis == 1
            and lengths
            and [shape[1] for shape in shapes] == lengths[: len(shapes)]
            and not (last and task in LAST)
        ):
            names.append("length")
        else:
            names.append(LAST.get(task, f"axis_{axis}") if last else f"axis_{axis}")
    return names
