"""An ONNX model in memory: names and types of its tensors, and one call to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .problems import BadArtifact

#: Types of ONNX Runtime, as numpy calls them.
TYPES = {
    "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(float)": "float32", "tensor(double)": "float64",
    "tensor(float16)": "float16", "tensor(bool)": "bool", "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(string)": "object",
}  # fmt: skip
Arrays = Mapping[str, np.ndarray]


class Session:
    """A model that onnxruntime has opened. `inputs` and `outputs`: (name, numpy type, shape) of each tensor.

    `run` may be called from several threads at a time; each call uses `threads` cores.
    """

    def __init__(self, model: Path | bytes, threads: int = 1) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait by turning take the cores that the next request needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a class of its own for each of its states
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if isinstance(model, bytes):
                raise BadArtifact(f"onnxruntime cannot open the model: {said[:300]}") from None
            raise BadArtifact(
                f"onnxruntime cannot open {model.name}: {said.replace(str(model.parent), '')[:300]}"
            ) from None
        self.inputs = [_tensor(one) for one in self._session.get_inputs()]
        self.outputs = [_tensor(one) for one in self._session.get_outputs()]
        self.threads = threads
        self.takes = frozenset(name for name, _, _ in self.inputs)

    def run(self, arrays: Arrays, wanted: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Return the outputs by name, all of them or those `wanted`."""
        names = list(wanted) if wanted is not None else [name for name, _, _ in self.outputs]
        found: list[np.ndarray] = self._session.run(names, dict(arrays))
        return dict(zip(names, found, strict=True))


def _tensor(one: Any) -> tuple[str, str, list[Any]]:
    return str(one.name), TYPES.get(one.type, "float32"), list(one.shape)
