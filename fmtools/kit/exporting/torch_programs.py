"""Functions of a model as torch's exported programs."""

from __future__ import annotations

from typing import Any

import torch

from ...core.errors import ModelError
from ...core.exporting import FREE, Subject
from .onnx_write import example_of, free_shapes, quiet
from .recorded import Bare


def program(subject: Subject, bounds: dict[str, int] | None = None) -> Any:
    """Return the exported program of one function, its free sizes up to `bounds` where they are given.

    Raises ModelError when torch cannot follow the model.
    """
    if bounds is None:
        free: Any = free_shapes(subject, torch.export.Dim.DYNAMIC)
    else:
        names = {axis: torch.export.Dim(axis, min=1, max=bounds[axis]) for axis in FREE if axis in bounds}
        free = tuple(
            {i: names[axis] for i, axis in enumerate(subject.axes[name]) if axis in names} for name in subject.inputs
        )
    with quiet(), torch.no_grad():
        try:
            return torch.export.export(Bare(subject).eval(), tuple(example_of(subject)), dynamic_shapes=(free,))
        except Exception as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise ModelError(f"torch.export cannot follow this model: {first}", "Choose another format.") from error
