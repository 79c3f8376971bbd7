"""int4-weights: weights in 4 bits in blocks of 32, activations as they are."""

from __future__ import annotations

from pathlib import Path

from ...core.optimizing import Material


class Int4Weights:
    """The smallest files; meant for language models, whose speed is that of reading their weights."""

    name = "int4-weights"
    summary = "4-bit weights in blocks of 32: about a sixth of the size; for language models."
    operations: tuple[str, ...] = ("MatMul", "Gather")

    def check(self) -> None:
        """Nothing to ask for: onnxruntime comes with fmtools."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Quantize every matrix of weights, and the table of embeddings."""
        from ...kit.onnx import quantize as onnx_quantize

        onnx_quantize.four_bits(source, target, self.operations, given)
