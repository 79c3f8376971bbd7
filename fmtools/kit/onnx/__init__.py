"""ONNX: written, fused, quantized, run, timed."""
