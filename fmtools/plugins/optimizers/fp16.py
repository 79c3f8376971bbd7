"""fp16: a graph in half precision, for graphics cards and browsers with WebGPU."""

from __future__ import annotations

from pathlib import Path

from ...core.optimizing import Material


class Fp16:
    """Half the size; faster where the hardware computes in it. A processor turns most of it back into fp32 as it runs."""

    name = "fp16"
    summary = "Half precision throughout: half the size, for graphics cards and WebGPU."
    operations: tuple[str, ...] = ("MatMul", "Gemm", "Gather", "Conv", "LSTM")

    def check(self) -> None:
        """Nothing to ask for: onnxruntime comes with fmtools."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Turn weights and nodes into float16; what goes in and out stays float32."""
        from ...kit.onnx import halves as onnx_halves

        onnx_halves.fp16(source, target, self.operations, given)
