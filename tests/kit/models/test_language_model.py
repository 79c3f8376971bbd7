"""Loss, sums and counts against plain arithmetic."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fmtools.core.errors import ModelError, OptionError
from fmtools.core.options import TrainOptions
from fmtools.kit.models import language_model, ngrams, scratch
from fmtools.kit.models.blocks import Blocks, Documents, PadTargets
from fmtools.kit.training.asked import asked_alone

TEXTS = ["abc abd", "bca", "a cab, a bad cab and a dab"]


def model_and_words() -> tuple[GPT2LMHeadModel, object]:
    options = TrainOptions(
        data="x", from_scratch=True, model="gpt2", tokenizer="characters", max_length=16, width=16, heads=2, layers=1
    )
    torch.manual_seed(0)
    model, words = language_model.begin("", "causal", TEXTS, options)
    return model.eval(), words


def test_sums_over_rows_are_those_of_every_token() -> None:
    model, words = model_and_words()
    rows = Documents(words, TEXTS, 16)
    found = language_model.tallies(model, rows, PadTargets(0), 2)
    for i in range(3):
        ids, labels = (torch.as_tensor(rows[i][name]) for name in ("input_ids", "labels"))
        logits = model(input_ids=ids[None]).logits[0]
        nats = torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        assert found[i].tolist() == pytest.approx(
            [nats, len(labels), int((logits.argmax(-1) == labels).sum())], rel=1e-5
        )


def test_the_loss_is_of_the_targets_and_weighs_accumulated_batches_by_them() -> None:
    model, words = model_and_words()
    rows = Documents(words, TEXTS, 16)
    whole = PadTargets(0)([rows[i] for i in range(3)])
    loss = language_model.target_loss()
    targets = int((whole["labels"] != -100).sum())
    parts = [PadTargets(0)([rows[i]]) for i in range(3)]
    together = loss(model(input_ids=whole["input_ids"]), whole["labels"])
    apart = sum(loss(model(input_ids=p["input_ids"]), p["labels"], torch.tensor(targets)) for p in parts)
    assert together.item() == pytest.approx(apart.item(), rel=1e-5)
    logits, labels = model(input_ids=whole["input_ids"]).logits.flatten(0, 1), whole["labels"].flatten()
    true = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    smooth = language_model.target_loss(0.1)(model(input_ids=whole["input_ids"]), whole["labels"])
    assert smooth.item() == pytest.approx(true.item(), rel=1e-5)


def test_logits_are_made_of_the_targets_alone_and_teach_the_same() -> None:
    model, words = model_and_words()
    rows = Documents(words, TEXTS, 16)
    batch = PadTargets(0)([rows[i] for i in range(3)])
    labels, loss = batch.pop("labels"), language_model.target_loss(0.1)
    few = labels.clone()
    few[:, ::2] = -100
    for asked in (labels, few):
        model.zero_grad()
        everywhere = loss(model(**batch), asked)
        everywhere.backward()
        taught = {name: weight.grad.clone() for name, weight in model.named_parameters()}
        model.zero_grad()
        with asked_alone(model, asked):
            found = model(**batch)
            alone = loss(found, asked)
        alone.backward()
        assert found.logits.shape == (int((asked != -100).sum()), len(words))  # type: ignore[arg-type]
        assert alone.item() == pytest.approx(everywhere.item(), rel=1e-6)
        for name, weight in model.named_parameters():
            torch.testing.assert_close(weight.grad, taught[name], rtol=1e-4, atol=1e-6)
    with asked_alone(model, torch.zeros_like(labels)):
        assert model(**batch).logits.ndim == 3
    assert model(**batch).logits.ndim == 3


def test_bits_compare_across_tokenizers() -> None:
    found = language_model.derived(math.log(8), 10, (15, 30))
    assert found["perplexity"] == pytest.approx(8)
    assert found["bits_per_character"] == pytest.approx(2.0)
    assert found["bits_per_byte"] == pytest.approx(1.0)
    assert "bits_per_character" not in language_model.derived(1.0, 10, None)
    assert math.isfinite(language_model.derived(1e9, 1, None)["perplexity"])


def test_counts_are_those_of_a_hand() -> None:
    _, words = model_and_words()
    before, asked = ngrams.pairs(Blocks(words, TEXTS, 5))
    assert len(before) == len(asked) == sum(len(text) + 1 for text in TEXTS)
    counts = ngrams.Counts(before, asked, len(words))  # type: ignore[arg-type]
    single, both = Counter(asked.tolist()), Counter(zip(before.tolist(), asked.tolist(), strict=True))
    followers = {b: {a for x, a in both if x == b} for b in set(before.tolist())}
    after = Counter(before.tolist())
    for b, a in zip(before.tolist(), asked.tolist(), strict=True):
        alone = (single[a] + 1) / (len(asked) + len(words))  # type: ignore[arg-type]
        pair = (both[b, a] + len(followers[b]) * alone) / (after[b] + len(followers[b]))
        assert counts.unigram(np.array([a]))[0] == pytest.approx(alone)
        assert counts.bigram(np.array([b]), np.array([a]))[0] == pytest.approx(pair)
    everything = np.arange(len(words))  # type: ignore[arg-type]
    for b in (int(before[0]), 1):  # a token that others follow, and one that none does
        assert counts.bigram(np.full(len(everything), b), everything).sum() == pytest.approx(1.0)


def test_models_of_the_wrong_kind_are_named(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reads texts and does not write"):
        language_model.begin(str(tiny), "causal", [], TrainOptions(data="x"))
    GPT2LMHeadModel(GPT2Config(vocab_size=40, n_embd=8, n_layer=1, n_head=1)).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="fills no gaps"):
        language_model.load(tmp_path, "masked")


def test_blocks_longer_than_a_model_reads_are_refused(tiny: Path) -> None:
    with pytest.raises(OptionError, match="600 is more than this model reads: 512"):
        language_model.begin(str(tiny), "masked", [], TrainOptions(data="x", max_length=600))


def test_chinese_words_are_written_without_blanks() -> None:
    options = TrainOptions(data="x", from_scratch=True, model="lstm", tokenizer="words")
    words = scratch.tokenizer(["我们去公园，好吗？ we go, ok?"], options)
    assert words.decode(words("我们去公园，好吗？ We go, ok?")["input_ids"]) == "我们去公园，好吗？ we go, ok?"


def test_counting_characters() -> None:
    found = ngrams.characters("abababab", "ababa")
    assert found["unigram"] == pytest.approx(-math.log(4 / 10) / 2 - math.log(5 / 10) / 2)  # 3 a, 4 b after the first
    assert found["bigram"] < 0.3
    assert math.isfinite(ngrams.characters("abab", "xyz")["bigram"])
