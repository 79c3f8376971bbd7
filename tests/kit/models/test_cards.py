"""Models that no plug-in brings: what lies in the hub's cache, and what is trained from nothing."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

from fmtools.core import registry
from fmtools.kit.models.cards import architectures
from fmtools.kit.models.choosing import ANY
from fmtools.kit.models.scratch import FAMILIES


def test_every_architecture_is_in_the_catalogue() -> None:
    cards = {card.name: card for card in architectures()}
    assert set(cards) == set(FAMILIES)
    assert all(card.scratch and card.languages == (ANY,) and card.folder is None for card in cards.values())
    assert all(set(card.tasks) <= set(registry.names("tasks")) for card in cards.values())


def test_the_weights_of_an_architecture_are_about_right() -> None:
    """The catalogue multiplies; the worker builds the model."""
    from fmtools.core.options import TrainOptions
    from fmtools.kit.models import scratch

    cards = {card.name: card for card in architectures()}
    for name in ("gpt2", "bert"):
        options = TrainOptions(
            task="text-generation" if name == "gpt2" else "fill-mask", data="x", model=name, from_scratch=True
        )
        words = scratch.tokenizer(["a b c d"], options)
        config = scratch.config(options, words)
        config.vocab_size = options.vocabulary
        from transformers import AutoModel

        built = sum(weight.numel() for weight in AutoModel.from_config(config).parameters())
        assert 0.8 < cards[name].parameters / built < 1.2


def cached(root: Path, name: str, config: dict[str, object], files: dict[str, bytes]) -> None:
    """Lay a model down as huggingface_hub does."""
    folder = root / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text("a" * 40)
    for file, content in {**files, "config.json": json.dumps(config).encode()}.items():
        (snapshot / file).write_bytes(content)


def test_the_hubs_cache_is_listed_without_the_network(tmp_path: Path) -> None:
    header = json.dumps({"x": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(48)
    cached(tmp_path, "org/tagger", {"architectures": ["BertForTokenClassification"]}, {"model.safetensors": weights})
    cached(tmp_path, "org/writer", {"architectures": ["GPT2LMHeadModel"]}, {"model.safetensors": weights})
    cached(tmp_path, "org/pickled", {}, {"pytorch_model.bin": b"x"})
    cached(tmp_path, "org/broken", {}, {"model.safetensors": b"xx"})
    (tmp_path / "models--org--half").mkdir()
    code = """
from fmtools.kit.models.cards import hub_cache
for card in hub_cache():
    print(card.name, card.parameters, card.disk_bytes > 48, card.summary, *card.tasks, sep="|")
"""
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    lines = dict(line.split("|", 1) for line in done.stdout.splitlines())
    assert set(lines) == {"org/tagger", "org/writer"}, done.stderr
    assert lines["org/tagger"].startswith("12|True|in the hub cache|text-classification|token-classification")
    assert lines["org/writer"] == "12|True|in the hub cache|text-generation|preference-tuning"
