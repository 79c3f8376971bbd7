"""onnx: one graph with its weights, for onnxruntime, transformers.js, Triton and many others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.exporting import Runner, Subject


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
        """Write a graph a function, with free batch and length, and what else a user of the hub's layout expects."""
        from ...kit.exporting import hub_layout
        from ...kit.exporting import onnx_write as onnx_write

        hub_layout.copy_small(subject.folder, folder)
        return onnx_write.write_all(subject, folder)

    def open(self, folder: Path) -> Runner:
        """Open it in onnxruntime."""
        from ...kit.onnx import run as onnx_run

        return onnx_run.opened(folder)
