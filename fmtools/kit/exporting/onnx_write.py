"""ONNX through torch's own exporter, with free batch and length; optimum-onnx does not work with transformers 5."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch

from ...core.errors import ModelError
from ...core.exporting import FREE, Subject
from ..onnx.files import ONE_FILE, strip
from .recorded import Bare

OPSET = 18


def write_all(subject: Subject, folder: Path) -> dict[str, Any]:
    """Write every function of a model to onnx/<part>.onnx, where the hub and transformers.js look; return facts for the card."""
    files = {part.part: f"onnx/{part.part}.onnx" for part in subject.functions}
    for part in subject.functions:
        write(part, folder / files[part.part])
    return {"files": files}


def write(subject: Subject, path: Path) -> dict[str, list[str]]:
    """Write one function of a model to `path`; return the axes of its inputs. Raises ModelError when torch cannot follow it.

    What torch's newer exporter cannot follow (packed sequences) the older one, which watches a run, often can; the gate
    compares either with the original on other shapes.
    """
    example = example_of(subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    size = sum(p.numel() * p.element_size() for p in subject.model.parameters())
    with quiet(), torch.no_grad():
        try:
            program = exported(subject, example)
        except Exception as error:
            if size > ONE_FILE:
                raise _refused(error) from error
            try:
                _traced(subject, example, path)
            except Exception:
                raise _refused(error) from error
        else:
            _name_axes(program.model, subject.axes)
            program.save(str(path), external_data=size > ONE_FILE)
    strip(path)
    return {name: subject.axes[name] for name in subject.inputs}


def _refused(error: Exception) -> ModelError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return ModelError(f"torch cannot write this model as ONNX: {first}", "Choose another format.")


def exported(subject: Subject, example: list[torch.Tensor]) -> Any:
    """Return torch's ONNX program of a subject."""
    program = torch.onnx.export(
        Bare(subject).eval(),
        tuple(example),
        dynamo=True,
        dynamic_shapes=(free_shapes(subject, torch.export.Dim.DYNAMIC),),
        input_names=subject.inputs,
        output_names=subject.outputs,
        opset_version=OPSET,
    )
    assert program is not None
    return program


def _traced(subject: Subject, example: list[torch.Tensor], path: Path) -> None:
    axes = {name: dict(enumerate(subject.axes[name])) for name in [*subject.inputs, *subject.outputs]}
    free = {name: {i: axis for i, axis in own.items() if axis in FREE} for name, own in axes.items()}
    torch.onnx.export(
        Bare(subject).eval(),
        tuple(example),
        str(path),
        dynamo=False,
        input_names=subject.inputs,
        output_names=subject.outputs,
        dynamic_axes=free,
        opset_version=OPSET,
    )


def free_shapes(subject: Subject, free: Any) -> tuple[dict[int, Any], ...]:
    """Return for each input which axes are free, as torch.export wants to hear it."""
    return tuple({i: free for i, axis in enumerate(subject.axes[name]) if axis in FREE} for name in subject.inputs)


def example_of(subject: Subject) -> list[torch.Tensor]:
    """Return tensors of one batch in which no free size is 0 or 1, which are taken for constants, and the number of rows is
    no other size too, which would be taken for the same. No two tensors are one object: they would be written as one input.
    """

    def others(batch: dict[str, Any]) -> list[int]:
        sizes = [(s, a) for n in subject.inputs for s, a in zip(batch[n].shape, subject.axes[n], strict=True)]
        return [size for size, axis in sizes if axis in FREE and axis != "batch"] or [2]

    best = max(subject.examples, key=lambda batch: min(others(batch)))
    rows = len(best[subject.inputs[0]])
    times = next(n for n in range(1, 9) if n * rows > 1 and n * rows not in others(best))
    return [torch.cat([best[name]] * times) for name in subject.inputs]


def _name_axes(model: Any, names: dict[str, list[str]]) -> None:
    """Give the free axes the names that people know, in place of s77 and the like."""
    import onnx_ir as ir

    for value in [*model.graph.inputs, *model.graph.outputs]:
        own = names[value.name]
        sizes = [axis if axis in FREE else size for size, axis in zip(value.shape, own, strict=True)]
        value.shape = ir.Shape(sizes)


@contextlib.contextmanager
def quiet() -> Any:
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
