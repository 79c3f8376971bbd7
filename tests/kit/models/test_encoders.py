"""Pooling, heads, parameter groups, attention - on a real encoder of two layers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmtools.core.errors import ModelError
from fmtools.kit.models import encoders

LABELS = ["no", "yes"]


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


@pytest.mark.parametrize(
    ("said", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode": "mean"}, "mean"),
    ],
)
def test_a_sentence_encoder_says_how_it_pools(copy: Path, said: dict[str, Any], pooling: str) -> None:
    (copy / "1_Pooling").mkdir()
    (copy / "1_Pooling/config.json").write_text(json.dumps(said))
    assert encoders.pooling_of(str(copy)) == pooling


def test_without_a_word_a_trained_pooler_decides(tiny: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    assert encoders.pooling_of(str(tiny)) == "mean"
    config = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertModel(config).save_pretrained(tmp_path)
    assert encoders.pooling_of(str(tmp_path)) == "cls"


def test_padding_changes_no_logit(tiny: Path) -> None:
    import torch

    model = encoders.build_classifier(str(tiny), LABELS, "mean").eval()
    ids = torch.tensor([[101, 2204, 2154, 102]])
    padded = torch.tensor([[101, 2204, 2154, 102, 0, 0, 0]])
    mask = (padded != 0).long()
    with torch.inference_mode():
        alone, beside = model(input_ids=ids).logits, model(input_ids=padded, attention_mask=mask).logits
    assert torch.allclose(alone, beside, atol=1e-5)


def test_mean_pooling_by_hand(tiny: Path) -> None:
    import torch

    model = encoders.build_classifier(str(tiny), LABELS, "mean")
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]])
    assert model.pool(hidden, torch.tensor([[1, 1, 0]])).tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_every_parameter_is_in_one_group_with_its_rate(tiny: Path, pooling: str) -> None:
    model = encoders.build_classifier(str(tiny), LABELS, pooling)
    groups = encoders.parameter_groups(model, 1e-4, 1e-2, 0.01)
    names = {id(p): name for name, p in model.named_parameters()}
    rates = {names[id(p)]: (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]}
    assert len(rates) == sum(len(group["params"]) for group in groups) == len(names)
    assert {rate for name, (rate, _) in rates.items() if name.startswith("classifier")} == {1e-2}
    assert all(decay == 0.0 for name, (_, decay) in rates.items() if "LayerNorm" in name)
    assert rates[next(n for n in rates if n.endswith("query.weight"))] == (1e-4, 0.01)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_encoder_keeps_its_trained_weights(tiny: Path, pooling: str) -> None:
    import torch
    from safetensors.torch import load_file

    stored = load_file(tiny / "model.safetensors")
    mine = encoders.build_classifier(str(tiny), LABELS, pooling).base_model.state_dict()
    assert stored.keys() <= mine.keys()
    assert all(torch.equal(mine[name], stored[name]) for name in stored)


def test_looking_at_attention_leaves_no_trace(tiny: Path) -> None:
    import torch

    model = encoders.build_classifier(str(tiny), LABELS, "mean").train()
    tokenizer = encoders.load_tokenizer(str(tiny))
    inner = model.base_model
    kernels, random = inner.config._attn_implementation, torch.get_rng_state()
    tokens, weights = encoders.attention_of(model, tokenizer, "what a day " * 40, 16)
    assert len(tokens) == 16
    assert weights.shape == (2, 2, 16, 16)
    assert np.abs(weights.sum(-1) - 1).max() < 1e-5
    assert model.training
    assert inner.config._attn_implementation == kernels
    assert torch.equal(torch.get_rng_state(), random)


def test_what_cannot_be_loaded_is_said(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{")
    (copy / "tokenizer_config.json").unlink(missing_ok=True)
    with pytest.raises(ModelError, match="no tokenizer that can be read"):
        encoders.load_tokenizer(str(copy))
    (copy / "config.json").write_text('{"model_type": "no-such-type"}')
    with pytest.raises(ModelError, match="cannot be loaded"):
        encoders.load_base(str(copy))


def test_code_in_a_model_folder_is_not_run(copy: Path, tmp_path: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = dict.fromkeys(("AutoConfig", "AutoModel", "AutoTokenizer"), "evil.Evil")
    config["model_type"] = "evil"
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: ...\n")
    with pytest.raises(ModelError):
        encoders.load_base(str(copy))
    with pytest.raises(ModelError):
        encoders.build_classifier(str(copy), LABELS, "mean")
    assert not (tmp_path / "ran").exists()
