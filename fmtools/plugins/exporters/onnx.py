"""onnx: one graph with its weights, for onnxruntime, transformers.js, Triton and many others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import Runner, Subject

if TYPE_CHECKING:
    import numpy as np

#: Where the hub and transformers.js look for it.
FILE = "onnx/model.onnx"


class Onnx:
    """ONNX in the hub's layout: onnx/model.onnx beside configuration and tokenizer."""

    name = "onnx"
    summary = "ONNX: for onnxruntime on any machine, in a browser, in most servers."
    format = "onnx"
    tasks: tuple[str, ...] = ()
    tolerance = 1e-3

    def check(self) -> None:
        """Nothing to ask for: onnx, onnxscript and onnxruntime come with fmtools."""

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write the graph with free batch and length, and what else a user of the hub's layout expects."""
        from ...kit import hub_layout, onnx_write

        hub_layout.copy_small(subject.folder, folder)
        inputs = onnx_write.write(subject, folder / FILE)
        return {"files": {"model": FILE}, "inputs": inputs, "outputs": subject.outputs}

    def open(self, folder: Path) -> Runner:
        """Open it in onnxruntime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(folder / FILE, options, providers=["CPUExecutionProvider"])
        names = [found.name for found in session.get_outputs()]
        taken = {found.name for found in session.get_inputs()}

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            feed = {name: value for name, value in inputs.items() if name in taken}
            return dict(zip(names, session.run(names, feed), strict=True))

        return run
