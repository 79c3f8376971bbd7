"""ONNX through torch's own exporter, with free batch and length; optimum-onnx does not work with transformers 5."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch

from ..core.errors import ModelError
from ..core.exporting import Subject
from .recorded import Bare

#: Weights stay in the one file up to this size; protobuf ends at 2 GiB.
ONE_FILE = 1_900_000_000


def axes(example: torch.Tensor) -> list[str]:
    """Name the axes of an input: the batch, the length where there is a second."""
    return ["batch", "length", *(f"axis_{i}" for i in range(2, example.dim()))][: example.dim()]


def write(subject: Subject, path: Path) -> dict[str, list[str]]:
    """Write the model to `path`; return the axes of its inputs. Raises ModelError when torch's exporter cannot follow it.

    The example batch has tensors of their own: one object given twice would be written as one input.
    """
    example = [value.clone() for value in _example(subject).values()]
    free = tuple(dict.fromkeys(range(min(2, value.dim())), torch.export.Dim.DYNAMIC) for value in example)
    bare = Bare(subject).eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                bare,
                tuple(example),
                dynamo=True,
                dynamic_shapes=(free,),
                input_names=subject.inputs,
                output_names=subject.outputs,
                opset_version=18,
            )
        except Exception as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise ModelError(f"torch cannot write this model as ONNX: {first}", "Choose another format.") from error
    assert program is not None
    _name_axes(program.model, dict(zip(subject.inputs, map(axes, example), strict=True)))
    size = sum(p.numel() * p.element_size() for p in subject.model.parameters())
    program.save(str(path), external_data=size > ONE_FILE)
    return dict(zip(subject.inputs, map(axes, example), strict=True))


def _example(subject: Subject) -> dict[str, torch.Tensor]:
    """Return a batch of at least two rows: a size of 1 is taken for a constant."""
    return next((batch for batch in subject.examples if min(_sizes(batch)) > 1), subject.examples[-1])


def _sizes(batch: dict[str, Any]) -> list[int]:
    return [size for value in batch.values() for size in value.shape[:2]]


def _name_axes(model: Any, names: dict[str, list[str]]) -> None:
    """Give the free axes the names that people know, in place of s77 and the like."""
    import onnx_ir as ir

    renamed: dict[str, str] = {}
    for value in model.graph.inputs:
        for size, name in zip(value.shape, names[value.name], strict=True):
            if isinstance(size, ir.SymbolicDim) and size.value:
                renamed[str(size.value)] = name
    for value in [*model.graph.inputs, *model.graph.outputs]:
        value.shape = ir.Shape([renamed.get(str(getattr(s, "value", "")), s) for s in value.shape])


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep the exporter's progress and its advice for developers out of the answer."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "torch.export", "torch.fx")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
