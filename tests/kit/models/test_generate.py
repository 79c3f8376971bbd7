"""Writing on: the same as step by step, beyond what a model can read, repeatable, and alone as in company."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fmtools.kit.models.generate import Sampling, write
from fmtools.kit.models.lstm import LstmConfig, LstmLanguageModel


@pytest.fixture(scope="module", params=["gpt2", "lstm"])
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(3)
    if request.param == "lstm":
        return LstmLanguageModel(LstmConfig(vocab_size=40, hidden_size=16, eos_token_id=39)).train()
    config = GPT2Config(
        vocab_size=40, n_positions=12, n_embd=16, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=39, pad_token_id=0
    )
    return GPT2LMHeadModel(config).train()


def greedy(model: Any, ids: list[int], count: int) -> list[int]:
    """Write with nothing but forward passes."""
    text = torch.tensor([ids])
    with torch.no_grad():
        for _ in range(count):
            text = torch.cat([text, model(input_ids=text).logits[:, -1:].argmax(-1)], 1)
    return text[0, len(ids) :].tolist()


def test_it_is_what_forward_passes_say(model: Any) -> None:
    model.eval()
    wanted = [greedy(model, ids, 5) for ids in ([4, 5, 6], [7], [9, 8, 7])]
    model.train()
    state = torch.random.get_rng_state()
    assert write(model, [[4, 5, 6], [7], [9, 8, 7]], Sampling(5)) == wanted
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)


def test_it_goes_on_beyond_what_a_model_can_read(model: Any) -> None:
    (new,) = write(model, [list(range(2, 32))], Sampling(30, temperature=1.0, seed=4))
    assert len(new) == 30 or 39 not in new
    assert len(write(model, [[5] * 12], Sampling(3, temperature=2.0))[0]) <= 3


def test_the_same_seed_is_the_same_text_whoever_else_is_asked(model: Any) -> None:
    how = Sampling(8, temperature=1.5, top_p=0.95, top_k=30, repetition_penalty=1.2, seed=11)
    alone = write(model, [[4, 5]], how)
    assert write(model, [[6, 6], [4, 5]], how)[1:] == alone
    assert write(model, [[4, 5]], how) == alone
    assert any(write(model, [[4, 5]], Sampling(8, temperature=1.5, seed=s)) != alone for s in range(5))


def test_few_likely_tokens_are_few(model: Any) -> None:
    first = {write(model, [[4, 5]], Sampling(1, temperature=3.0, top_k=2, seed=s))[0][0] for s in range(12)}
    with torch.no_grad():
        likely = set(model.eval()(input_ids=torch.tensor([[4, 5]])).logits[0, -1].topk(2).indices.tolist())
    assert first <= likely
