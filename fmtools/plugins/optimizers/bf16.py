"""bf16: weights kept in bfloat16, computed with in fp32 (onnxruntime has no bfloat16 products on processors)."""

from __future__ import annotations

from pathlib import Path

from ...core.optimizing import Material


class Bf16:
    """Half the file for next to no loss; as fast as fp32, which the weights become when the model is loaded."""

    name = "bf16"
    summary = "Weights kept in bfloat16: half the file, next to no loss, the speed of fp32."
    operations: tuple[str, ...] = ("MatMul", "Gemm", "Gather", "Conv", "LSTM")

    def check(self) -> None:
        """Nothing to ask for: onnxruntime comes with fmtools."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Keep the weights in bfloat16, each behind a cast that onnxruntime folds away as it loads the model."""
        from ...kit.onnx import halves as onnx_halves

        onnx_halves.bf16(source, target, self.operations, given)
