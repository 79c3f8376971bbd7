"""A small table of real sentences, and a model small enough that the machinery around it is what is measured."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

from .settings import ROOT

LABELS, ROWS = 4, 80


def rows(labels: int = LABELS, each: int = ROWS) -> list[tuple[str, str]]:
    """Return (text, intent) pairs of the most frequent intents of the built-in set."""
    from fmtools.runtime import launch

    table = launch.load("intents").splits["train"]
    pairs = list(zip(table["text"].to_pylist(), table["intent"].to_pylist(), strict=True))
    frequent = [label for label, _ in Counter(label for _, label in pairs).most_common(labels)]
    return [pair for label in frequent for pair in [p for p in pairs if p[1] == label][:each]]


def write_csv(path: Path, pairs: list[tuple[str, str]] | None = None) -> Path:
    """Write a CSV file with the columns text and label; the small table unless `pairs` are given."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(rows() if pairs is None else pairs)
    return path


def whole_csv(path: Path) -> Path:
    """Write the whole training split of the built-in set `intents` as a CSV file."""
    return write_csv(path, rows(labels=100, each=10_000))


def make_model(folder: Path) -> Path:
    """Write a random BERT of 2 layers, 32 wide, in the hub's layout (in another process: it needs torch)."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.tiny", str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return folder


def _save(folder: Path) -> None:
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    words = sorted({word for text, _ in rows() for word in text.lower().split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)


if __name__ == "__main__":
    _save(Path(sys.argv[1]))
