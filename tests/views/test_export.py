"""The card of an export: scores side by side, how far the outputs are apart, the lines that open each file."""

from __future__ import annotations

from typing import Any

import pytest

from fmtools.views import export

CARD: dict[str, Any] = {
    "name": "shop <b>", "format": "onnx", "rows": 1200, "max_abs_diff": 2.1e-6,
    "metrics": {"accuracy": 0.8125, "f1": 0.7, "only_here": 1.0}, "metrics_of_original": {"accuracy": 0.8, "f1": 0.70000001},
    "files": {"encoder_model": "onnx/encoder_model.onnx", "decoder_model": "onnx/decoder_model.onnx"},
}  # fmt: skip


def test_text_and_html_say_the_same() -> None:
    text = export.text(CARD, "/runs/x/artifacts/onnx", 91_000_000)
    assert "+0.0125" in text
    assert "-0.0000" not in text
    assert "1,200 rows in a fresh process: 2.1e-06" in text
    assert "only_here" not in text
    html = export.html(CARD, "/runs/x/artifacts/onnx", 91_000_000)
    assert "shop &lt;b&gt;" in html
    for part in ("encoder_model", "decoder_model"):
        assert f"onnxruntime.InferenceSession(&quot;/runs/x/artifacts/onnx/onnx/{part}.onnx&quot;)" in html


@pytest.mark.parametrize("name", ["onnx", "torch-export", "executorch", "gguf", "triton", "safetensors", "another"])
def test_every_format_has_a_card(name: str) -> None:
    card = {**CARD, "format": name, "files": {"model": "model.x"}}
    assert export.text(card, "/x", 1000).startswith(f"shop <b>: {name}")
    assert ("/x" in export.opening(card, "/x")) == (name in export.OPEN)
