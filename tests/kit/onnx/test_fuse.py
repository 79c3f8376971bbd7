"""Fusing an exported graph: what it makes answers as before, for every mask, and says nothing of this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from transformers import BertConfig, BertModel

from fmtools.core.exporting import Subject
from fmtools.kit.exporting import onnx_write as onnx_write
from fmtools.kit.onnx import fuse as onnx_fuse
from fmtools.kit.onnx import layers as onnx_layers


class Encoder(torch.nn.Module):
    """A BERT with its vectors as the only output; causal where asked for: its mask is then not one of padding."""

    def __init__(self, causal: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
            is_decoder=causal,
        )  # fmt: skip
        self.inner = BertModel(config, add_pooling_layer=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"vectors": self.inner(input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state}


def written(path: Path, causal: bool) -> Path:
    ids = torch.randint(0, 64, (2, 5))
    along = ["batch", "length"]
    subject = Subject(
        "fill-mask", Encoder(causal).eval(), path.parent, ["input_ids", "attention_mask"], ["vectors"],
        [{"input_ids": ids, "attention_mask": torch.ones_like(ids)}],
        axes={"input_ids": along, "attention_mask": along, "vectors": [*along, "width"]},
    )  # fmt: skip
    onnx_write.write(subject, path)
    return path


def batch(rows: int, length: int) -> dict[str, np.ndarray]:
    """Return random tokens with padding behind and a hole in the middle."""
    chance = np.random.default_rng(rows)
    mask = np.ones((rows, length), np.int64)
    mask[rows // 2 :, length // 2 :] = 0
    mask[0, 1] = 0
    return {"input_ids": chance.integers(0, 64, (rows, length)), "attention_mask": mask}


@pytest.mark.parametrize("causal", [False, True])
def test_a_fused_graph_answers_as_before(tmp_path: Path, causal: bool) -> None:
    source, target = written(tmp_path / "a.onnx", causal), tmp_path / "b.onnx"
    counts = onnx_fuse.fuse(source, target, [batch(3, 8), batch(1, 4)])
    other = [batch(5, 12), batch(2, 7)]
    assert onnx_fuse.apart(onnx_fuse.answers(source, other), onnx_fuse.answers(target, other)) < 1e-4
    kinds = [node.op_type for node in onnx.load(target).graph.node]
    assert kinds.count("Attention") == (0 if causal else 2)
    assert counts.get("gelu") == kinds.count("Gelu") == 2
    # onnxruntime would make one slow operation of an Add and the LayerNormalization behind it
    assert kinds.count("Sum") >= 4


def test_layers_are_named_and_stripped(tmp_path: Path) -> None:
    source = written(tmp_path / "a.onnx", False)
    found = onnx_layers.layers(source, ("MatMul", "Gather"))
    assert {"layer.0", "layer.1"} <= set(found)
    assert len(found["layer.0"]) >= 6
    assert str(Path(__file__).parent).encode() not in source.read_bytes()
    assert b"stack_trace" not in source.read_bytes()
