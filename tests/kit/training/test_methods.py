"""Which weights a method trains: exactly those, each once, with its rate."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fmtools.core.errors import OptionError
from fmtools.core.options import TrainOptions
from fmtools.kit.models import encoders
from fmtools.kit.training import methods


@pytest.mark.parametrize("method", ["full", "head", "last-layers", "lora"])
def test_the_groups_hold_what_is_trained_and_nothing_twice(tiny: Path, method: str) -> None:
    options = TrainOptions.parse({"data": "x", "method": method, "train_layers": 1})
    model = methods.apply(encoders.build_classifier(str(tiny), ["a", "b"], "auto"), options)
    groups = methods.groups(model, options)
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    heads = [p for name, p in model.named_parameters() if "classifier" in name and p.requires_grad]
    assert {rates[id(p)] for p in heads} == {options.head_learning_rate}
    assert all(group["weight_decay"] == 0 for group in groups if group["params"][0].ndim == 1 and len(groups) == 3)


def test_an_adapter_merged_answers_as_before(tiny: Path) -> None:
    options = TrainOptions.parse({"data": "x", "method": "lora"})
    model = methods.apply(encoders.build_classifier(str(tiny), ["a", "b"], "auto"), options).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
        ids = torch.tensor([[101, 2204, 2154, 102]])
        before = model(input_ids=ids).logits
        assert methods.is_adapter(model)
        merged = methods.whole(model)
        assert not methods.is_adapter(merged)
        assert torch.allclose(before, merged(input_ids=ids).logits, atol=1e-5)


def test_dropout_reaches_modules_and_configuration(tiny: Path) -> None:
    model = encoders.build_classifier(str(tiny), ["a", "b"], "auto")
    methods.set_dropout(model, 0.37)
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)} == {0.37}
    assert model.config.encoder.attention_probs_dropout_prob == 0.37


def test_a_model_that_is_all_base_has_no_head(tiny: Path) -> None:
    options = TrainOptions.parse({"data": "x", "method": "head"})
    with pytest.raises(OptionError, match="no head of its own"):
        methods.apply(encoders.load_base(str(tiny)), options)
