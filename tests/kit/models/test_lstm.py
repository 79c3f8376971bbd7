"""The LSTM networks: saved and loaded without a difference, padding changes nothing, plain transformers opens the folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from fmtools.core.options import TrainOptions
from fmtools.kit.models.generate import Sampling, write
from fmtools.kit.models.lstm import LstmClassifier, LstmConfig, LstmLanguageModel, travel_with_weights
from fmtools.kit.training import methods

IDS = torch.tensor([[5, 6, 7, 8], [9, 3, 5, 2]])


def small(**options: Any) -> LstmConfig:
    torch.manual_seed(1)
    return LstmConfig(vocab_size=30, hidden_size=12, num_hidden_layers=2, **options)


@pytest.mark.parametrize("tied", [True, False])
def test_a_language_model_is_the_same_after_saving(tied: bool, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_config(small(tie_word_embeddings=tied)).eval()
    assert isinstance(model, LstmLanguageModel)
    assert (model.output.weight is model.embedding.weight) is tied
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, trust_remote_code=False).eval()
    assert torch.equal(again(IDS).logits, model(IDS).logits)
    loss = model(IDS, labels=IDS).loss
    true = torch.nn.functional.cross_entropy(model(IDS).logits[:, :-1].flatten(0, 1), IDS[:, 1:].flatten())
    assert torch.allclose(loss, true)


def test_what_comes_later_changes_nothing_before() -> None:
    model = LstmLanguageModel(small()).eval()
    assert torch.allclose(model(IDS).logits[:, :2], model(IDS[:, :2]).logits, atol=1e-6)


def test_it_writes_as_its_own_predictions_say() -> None:
    model = LstmLanguageModel(small(eos_token_id=29)).eval()
    ids = IDS[:1]
    for _ in range(6):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    assert write(model, [IDS[0].tolist()], Sampling(6)) == [ids[0, 4:].tolist()]


def test_a_classifier_does_not_see_padding() -> None:
    model = AutoModelForSequenceClassification.from_config(small(num_labels=3)).eval()
    assert isinstance(model, LstmClassifier)
    alone = model(IDS[:, :3]).logits
    padded = torch.cat([IDS[:, :3], torch.full((2, 5), 4)], 1)
    mask = torch.tensor([[1, 1, 1, 0, 0, 0, 0, 0]] * 2)
    assert torch.allclose(model(padded, mask).logits, alone, atol=1e-6)
    assert model(IDS, labels=torch.tensor([0, 2])).loss.item() > 0


def test_dropout_is_set_everywhere() -> None:
    model = LstmLanguageModel(small())
    methods.apply(model, TrainOptions(data="x", from_scratch=True, dropout=0.0))
    model.train()
    assert torch.equal(model(IDS).logits, model(IDS).logits)


def test_plain_transformers_opens_the_folder(tmp_path: Path) -> None:
    travel_with_weights()
    model = LstmLanguageModel(small()).eval()
    model.save_pretrained(tmp_path)
    code = f"""
import sys, torch
sys.modules["fmtools"] = None
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained({str(tmp_path)!r}, trust_remote_code=True).eval()
print(model(torch.tensor({IDS.tolist()})).logits.sum().item())
"""
    env = {"HF_HOME": str(tmp_path / "hub"), "PATH": "/usr/bin", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert abs(float(done.stdout) - model(IDS).logits.sum().item()) < 1e-4
