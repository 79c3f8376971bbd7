from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForTokenClassification

from fmtools.kit.training.methods import count
from fmtools.kit.training.vocabulary import PartlyTrained, train_what_occurs

ROWS = [[0, 5, 6, 7], [0, 7, 8, 300]]


@pytest.fixture
def model() -> Any:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=500, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    return BertForTokenClassification(config)


def trained(model: Any, decay: float = 0.0, steps: int = 4) -> Any:
    """Train with AdamW; padding among the ids, no dropout."""
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    wanted = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(wanted, lr=1e-2, weight_decay=decay, fused=True)
    for step in range(steps):
        ids = torch.tensor([ROWS[step % 2]])
        model(input_ids=ids, labels=ids % 2).loss.backward()
        torch.nn.utils.clip_grad_norm_(wanted, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_it_trains_to_the_same_weights(model: Any, decay: float) -> None:
    part = train_what_occurs(copy.deepcopy(model), ROWS)
    assert isinstance(part.get_input_embeddings(), PartlyTrained)
    assert count(part) == (count(model)[0], count(model)[0] - (500 - 6) * 16)
    ours, whole = trained(part, decay).state_dict(), trained(copy.deepcopy(model), decay).state_dict()
    assert list(ours) == list(whole)
    name = "bert.embeddings.word_embeddings.weight"
    used = sorted({i for row in ROWS for i in row})
    assert torch.allclose(ours[name][used], whole[name][used], atol=1e-6)
    assert all(torch.allclose(ours[key], whole[key], atol=1e-6) for key in ours if key != name)
    rest = [i for i in range(500) if i not in used]
    assert torch.equal(ours[name][rest], model.state_dict()[name][rest]), "rows that do not occur stand still"


def test_it_is_saved_and_loaded_as_any_model_is(model: Any, tmp_path: Any) -> None:
    part = trained(train_what_occurs(copy.deepcopy(model), ROWS))
    part.save_pretrained(tmp_path)
    plain = BertForTokenClassification.from_pretrained(tmp_path).eval()
    ids = torch.tensor([[0, 5, 99, 300, 499]])
    with torch.no_grad():
        assert torch.allclose(plain(ids).logits, part(ids).logits, atol=1e-6)
    other = train_what_occurs(copy.deepcopy(model), ROWS)
    assert other.load_state_dict(part.state_dict(), strict=True).missing_keys == []
    with torch.no_grad():
        assert torch.equal(other.eval()(ids).logits, part(ids).logits)


def test_a_model_is_left_alone_where_it_does_not_pay(model: Any) -> None:
    assert type(train_what_occurs(model, [list(range(400))]).get_input_embeddings()) is torch.nn.Embedding
    model.get_input_embeddings().weight.requires_grad_(False)
    assert type(train_what_occurs(model, ROWS).get_input_embeddings()) is torch.nn.Embedding
