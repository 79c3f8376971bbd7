"""The models that `make assets` fetches, loaded as anybody loads them: they say sensible things."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core import registry
from fmtools.core.errors import ModelError


def folder(name: str) -> Path:
    source = registry.get("models", name)
    if source.card().folder is None:
        with pytest.raises(ModelError, match=f"%fm_get {name}"):
            source.folder()
        pytest.skip(f"{name} was not fetched: make assets")
    found: Path = source.folder()
    assert source.card().folder == found
    return found


def weights(path: Path) -> int:
    import math

    from safetensors import safe_open

    with safe_open(path / "model.safetensors", "pt") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118


@pytest.mark.slow
def test_e5_finds_translations_nearer_than_other_things() -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    path = folder("e5-small")
    card = registry.get("models", "e5-small").card()
    assert weights(path) == card.parameters
    assert (path / "model.safetensors").stat().st_size == card.disk_bytes
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path, add_pooling_layer=False)
    pairs = [("The cat catches the mouse.", "猫抓老鼠。"), ("Stock prices fell sharply today.", "今天股价大跌。"),
             ("I would like to book a table for two.", "Quisiera reservar una mesa para dos.")]  # fmt: skip
    batch = tokenizer(
        [f"query: {t}" for side in zip(*pairs, strict=True) for t in side], return_tensors="pt", padding=True
    )
    with torch.no_grad():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None]
    vectors = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
    likeness = vectors[:3] @ vectors[3:].T
    assert likeness.argmax(1).tolist() == [0, 1, 2]
    assert (likeness.diagonal() - (likeness - 2 * torch.eye(3)).max(1).values).min() > 0.02


@pytest.mark.slow
def test_smollm2_answers_in_its_chat_template() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = folder("smollm2")
    card = registry.get("models", "smollm2").card()
    assert weights(path) == card.parameters
    assert (path / "model.safetensors").stat().st_size == card.disk_bytes
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModelForCausalLM.from_pretrained(path)
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    batch = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    said = model.generate(**batch, max_new_tokens=12, do_sample=False)[0, batch["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(said, skip_special_tokens=True)
    assert said[-1].item() == tokenizer.eos_token_id
