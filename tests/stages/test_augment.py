"""Augmentation that asks models: real ones, small, with random weights, as any folder would be."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import support
from fmtools.core.contracts import Dataset
from fmtools.core.errors import ModelError
from fmtools.kit.reading.tables import table_of
from fmtools.kit.recipes.recipe import run
from fmtools.stages import augment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """A tiny T5 with the tokenizer of the tiny encoder."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("t5")
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=30522, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0, pad_token_id=0, eos_token_id=102
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (tiny / name).is_file():
            shutil.copy(tiny / name, folder / name)
    return folder


class Direct:
    """The worker's answers, without a worker."""

    def translate(self, model: str, texts: Sequence[str]) -> list[str]:
        found: list[str] = augment.translate(model, list(texts))["texts"]
        return found

    def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        answer = augment.embed(model, list(texts))
        return np.frombuffer(base64.b64decode(answer["data"]), np.float32).reshape(len(texts), answer["width"])


def data() -> Dataset:
    rows = support.rows(60)
    columns = {name: [row[name] for row in rows] for name in ("text", "label")}
    return Dataset("x", {"train": table_of(columns, "x", [])})


def test_translations_come_in_order_and_are_the_same_each_time(
    translator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment, "LONGEST", 12)
    texts = ["a long text about lamps and chairs", "short", "你好"]
    found = augment.translate(str(translator), texts)["texts"]
    assert len(found) == 3
    assert augment.translate(str(translator), texts)["texts"] == found
    assert augment.translate(str(translator), ["short"])["texts"] == [found[1]]


def test_back_translation_adds_copies_of_training_rows(translator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "LONGEST", 12)
    made, _, outcomes = run(data(), [f"augment-back-translate model={translator} share=0.1"], models=Direct())
    out = outcomes[0]
    assert out.added == made.splits["train"].num_rows - 60
    said = sum(int(note.split()[0]) for note in out.notes if "row" in note or "cop" in note)
    assert out.added + said == 6


def test_a_model_that_does_not_translate_is_said(tiny: Path) -> None:
    with pytest.raises(ModelError, match="does not translate"):
        augment.translate(str(tiny), ["a"])


def test_neighbours_in_a_model_keep_the_company_of_their_label(tiny: Path) -> None:
    made, _, outcomes = run(data(), [f"augment-synonyms model={tiny} least=0.1 rate=0.5"], models=Direct())
    assert "look at the preview" in outcomes[0].notes[0]
    rows = made.splits["train"].to_pylist()
    assert outcomes[0].added == len(rows) - 60 > 0
    known = {word: label for label, words in support.WORDS.items() for word in words}
    for row in rows[60:]:
        assert {known[word] for word in row["text"].split() if word in known} <= {row["label"]}
