"""int8-static: weights and activations in 8 bits, with ranges learned from training rows and then fixed."""

from __future__ import annotations

from pathlib import Path

from ...core.optimizing import Material


class Int8Static:
    """Where an answer must not depend on what else is in a batch."""

    name = "int8-static"
    summary = "8-bit weights and activations, ranges learned from training rows: the same answer in every batch."
    operations: tuple[str, ...] = ("MatMul", "Gemm", "Gather", "Conv")

    def check(self) -> None:
        """Nothing to ask for: onnxruntime comes with fmtools."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Run the rows through the graph, keep the ranges of what flows into each product, quantize with them."""
        from ...kit.onnx import quantize as onnx_quantize

        onnx_quantize.static(source, target, self.operations, given)
