"""Making a smaller copy of a trained model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from fmtools.kit.models import encoders
from fmtools.kit.smaller import students


@pytest.fixture
def made(tiny: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Return (classifier with random weights, its tokenizer, tokenizer.json)."""
    model = encoders.build_classifier(str(tiny), ["a", "b"], "mean").eval()
    return model, encoders.load_tokenizer(str(tiny)), json.loads((tiny / "tokenizer.json").read_text())


def test_first_and_last_layers_stay() -> None:
    assert students.spread(6, 3) == [0, 2, 5]
    assert students.spread(12, 6) == [0, 2, 4, 6, 8, 11]
    assert students.spread(6, 1) == [5]
    assert students.spread(2, 4) == [0, 1]


def test_fewer_layers(made: Any) -> None:
    model = made[0]
    last = model.encoder.encoder.layer[1].output.dense.weight.clone()
    students.cut_layers(model, [1])
    assert model.config.encoder.num_hidden_layers == len(model.encoder.encoder.layer) == 1
    assert torch.equal(model.encoder.encoder.layer[0].output.dense.weight, last)


def test_the_weakest_neurons_go(made: Any) -> None:
    model = made[0]
    layer = model.encoder.encoder.layer[0]
    with torch.no_grad():
        for part in model.encoder.encoder.layer:
            part.intermediate.dense.weight[::2] = 0  # every second neuron does nothing ...
            part.intermediate.dense.bias[::2] = 0
    ids = torch.randint(0, 1000, (3, 9))
    before = model(input_ids=ids).logits
    kept = students.cut_neurons(model, 0.5)
    assert kept == model.config.encoder.intermediate_size == layer.intermediate.dense.out_features == 32
    assert torch.allclose(model(input_ids=ids).logits, before, atol=1e-6)  # ... and nobody misses them


def test_fewer_words_say_the_same_and_spell_the_others(made: Any, tmp_path: Path) -> None:
    model, words, said = made
    texts = ["a good film", "an awful meal"]
    kept = students.words_used(words, texts, said)
    assert kept is not None
    assert len(kept) < len(words)
    old = [words(text)["input_ids"] for text in texts]
    before = model(input_ids=torch.tensor(old[:1])).logits
    renumbered = students.cut_words(model, words, kept, said)
    students.save(model, words, tmp_path, {"teacher": "x", "layers": [0, 1], "tokens": kept}, renumbered)
    small = encoders.load_tokenizer(str(tmp_path))
    new = [small(text)["input_ids"] for text in texts]
    assert [[kept[number] for number in row] for row in new] == old
    assert torch.allclose(model(input_ids=torch.tensor(new[:1])).logits, before, atol=1e-6)
    spelled = small.tokenize("extraordinarily")
    assert small.unk_token not in spelled
    assert "".join(piece.removeprefix("##") for piece in spelled) == "extraordinarily"
    assert students.facts_of(tmp_path)["tokens"] == kept
