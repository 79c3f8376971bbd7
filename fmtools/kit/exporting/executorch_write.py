"""A function of a model as an ExecuTorch program, its matrices computed by XNNPACK."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import ModelError
from ...core.exporting import Subject
from .onnx_write import quiet
from .torch_programs import program


def write(subject: Subject, path: Path, most: dict[str, int]) -> None:
    """Write `path`; batch and length are free up to `most`. Raises ModelError when the model cannot be lowered."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    exported = program(subject, most)
    with quiet():
        try:
            lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
        except Exception as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise ModelError(f"ExecuTorch cannot lower this model: {first}", "Choose another format.") from error
    path.write_bytes(lowered.buffer)
