"""int8-dynamic: weights in 8 bits, activations in 8 bits with a range found anew in every batch."""

from __future__ import annotations

from pathlib import Path

from ...core.optimizing import Material


class Int8Dynamic:
    """The usual choice for language models on a processor: a quarter of the size, ranges that fit every text."""

    name = "int8-dynamic"
    summary = "8-bit weights and activations, ranges found as it runs: about a quarter of the size."
    operations: tuple[str, ...] = ("MatMul", "Gemm", "Gather", "Conv", "LSTM")

    def check(self) -> None:
        """Nothing to ask for: onnxruntime comes with fmtools."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Quantize every weight, a scale for each column, with the channels evened that stand out on `given.feeds`."""
        from ...kit.onnx import quantize as onnx_quantize

        onnx_quantize.dynamic(source, target, self.operations, given)
