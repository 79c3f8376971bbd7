"""Attention maps of decoders, also under an adapter, with tokens that can be read."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fmtools.core.errors import ModelError
from fmtools.core.options import TrainOptions
from fmtools.kit.models import looking, scratch
from fmtools.kit.models.lstm import LstmConfig, LstmLanguageModel
from fmtools.kit.training import methods

OPTIONS = TrainOptions(data="x", from_scratch=True, model="gpt2", tokenizer="bpe", vocabulary=300)
TEXTS = ["hello world 你好", "hello there"]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_decoder_looks_back_only(method: str) -> None:
    words = scratch.tokenizer(TEXTS, OPTIONS)
    config = GPT2Config(vocab_size=len(words), n_positions=8, n_embd=16, n_layer=2, n_head=2)
    config.bos_token_id = config.eos_token_id = words.eos_token_id
    plain = GPT2LMHeadModel(config)
    model = methods.apply(plain, TrainOptions(data="x", method=method)).train()  # type: ignore[arg-type]
    tokens, weights = looking.attention(model, words, "hello world hello world hello", special=False)
    assert len(tokens) <= 8
    assert weights.shape == (2, 2, len(tokens), len(tokens))
    assert np.allclose(weights.sum(-1), 1, atol=1e-5)
    assert not np.triu(weights, 1).any()
    assert model.training
    assert plain.config._attn_implementation == "sdpa"


def test_bytes_are_shown_as_the_characters_they_are_of() -> None:
    words = scratch.tokenizer(TEXTS, OPTIONS)
    _, shown = looking.readable(words, "hello 熙\nyou  z", 64)
    assert "".join(shown).replace(looking.REST, "").replace("␣", "").replace("⏎", "") == "hello熙youz"
    assert shown.count(looking.REST) == 2  # 熙 is three bytes
    assert "⏎" in shown
    assert not any("Ġ" in token or "Ċ" in token for token in shown)


def test_an_lstm_has_none() -> None:
    model = LstmLanguageModel(LstmConfig(vocab_size=300))
    assert not looking.has_attention(model)
    with pytest.raises(ModelError, match="no attention"):
        looking.attention(model, scratch.tokenizer(TEXTS, OPTIONS), "hello")
    assert torch.is_grad_enabled()
