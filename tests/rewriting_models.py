"""Tiny encoder-decoders with random weights, saved as a training saves them and written as ONNX: they say something else to each text."""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path
from typing import Any

from fmtools.core import registry
from fmtools.core.options import TrainOptions

WORDS = "one two three four five six seven eight nine ten and but red green blue".split()
#: Several lengths, unknown words, none, and more than a model reads.
TEXTS = [
    "one two three",
    "red",
    "",
    "  six and seven but  eight\n",
    "猫抓老鼠 nine xyz",
    "ten " * 60 + "red",
    "blue and green " * 3,
]
#: Longest source and longest target, in tokens.
READS = 24


def saved(task: str, folder: Path, model: str = "marian", prefix: str = "") -> Path:
    """Save a model; prefix: what it finds before each source."""
    import torch

    from fmtools.kit.models import seq2seq

    chance = random.Random(1)
    texts = [" ".join(chance.choices(WORDS, k=6)) for _ in range(80)]
    shape = {
        "layers": 2,
        "width": 32,
        "heads": 2,
        "tokenizer": "words",
        "max_length": READS,
        "max_target_length": READS,
    }
    options = TrainOptions.parse({"task": task, "data": "none", "model": model, "from_scratch": True, **shape})
    torch.manual_seed(11)
    made, words = seq2seq.begin("", texts, task, {"languages": []}, options)
    with torch.no_grad():
        for name, values in made.named_parameters():
            if values.dim() > 1 and "position" not in name:
                values.normal_(0, 0.5)
    made.config.fmtools = {**made.config.fmtools, "prefix": prefix}
    made.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def ruled(loaded: Any, folder: Path, **rules: Any) -> None:
    """Let a loaded model, and its exported folder, follow other rules of generation."""
    path = folder / "generation_config.json"
    for name, value in rules.items():
        setattr(loaded[0].generation_config, name, value)
    path.write_text(json.dumps({**json.loads(path.read_text()), **rules}))


def written(task: str, source: Path, folder: Path) -> tuple[Any, Path]:
    """Return a saved model, loaded, and its folder as an exported artefact."""
    import pyarrow as pa

    from fmtools.kit.exporting import export_facts, recorded

    plugin = registry.get("tasks", task)
    loaded = plugin.load(source)
    rows = pa.table(
        {"source": ["one two three", "red and blue", "six", "ten nine"] * 4, "target": ["red", "one two"] * 8}
    )
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        subject = recorded.record(plugin, loaded, rows, source)
        found = registry.get("exporters", "onnx").export(subject, folder)
    sides = {
        side: {name: part.axes[name] for part in subject.functions for name in getattr(part, side)}
        for side in ("inputs", "outputs")
    }
    facts = {**sides, **export_facts.of(loaded, {"languages": ["en", "es"]}), **found}
    card = {"schema": 1, "format": "onnx", "exporter": "onnx", "task": task, "name": "rewriter", **facts}
    (folder / "fmtools.json").write_text(json.dumps(card))
    return loaded, folder


def spoken(folder: Path) -> Path:
    """Save a model of many languages that was told two of them: which it goes from and to stands in its tokens."""
    import torch
    from transformers import MBart50Tokenizer, MBartConfig, MBartForConditionalGeneration

    from fmtools.kit.models.spoken import choose_languages

    pieces = [("▁" + word, -2.0) for word in WORDS] + [(c, -8.0) for c in "▁abcdefghijklmnopqrstuvwxyz"]
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    words = MBart50Tokenizer(vocab=[*special, *pieces], src_lang="de_DE", tgt_lang="fr_XX")
    sides = {"layers": 1, "attention_heads": 2, "ffn_dim": 64}
    size = {f"{side}_{part}": n for side in ("encoder", "decoder") for part, n in sides.items()}
    torch.manual_seed(2)
    config = MBartConfig(vocab_size=len(words), d_model=32, max_position_embeddings=64, init_std=0.4, **size)
    config.fmtools = {"prefix": "", "max_length": READS, "max_target_length": READS}
    model = MBartForConditionalGeneration(config)
    choose_languages(model, words, ["en", "es"])
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
