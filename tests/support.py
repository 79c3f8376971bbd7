"""What tests of the engine share: a tiny real encoder, rows to learn, and ways to watch and kill a worker."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fmtools
from fmtools.core import registry
from fmtools.core.errors import ModelError
from fmtools.core.events import ENDED
from fmtools.store import lease
from fmtools.store.log import LogReader
from fmtools.store.runs import RunFolder

WORDS = {
    "glad": ["good", "great", "fine", "happy", "lovely", "bright", "warm", "kind", "sweet", "calm"],
    "angry": ["bad", "awful", "poor", "sad", "ugly", "dark", "cold", "rude", "bitter", "loud"],
    "asking": ["what", "when", "where", "who", "why", "which", "how", "whose", "whether", "whom"],
}
THINGS = ["day", "film", "meal", "trip", "book", "song", "game", "house", "road", "train", "garden", "letter"]
Rows = list[dict[str, str]]


def rows(count: int, seed: int = 0) -> Rows:
    """Return texts of three labels, of different lengths, that a tiny model learns within seconds."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        label = sorted(WORDS)[number % len(WORDS)]
        said = [f"{chance.choice(WORDS[label])} {chance.choice(THINGS)}" for _ in range(chance.randint(1, 6))]
        found.append({"text": f"{' and '.join(said)} number {number}", "label": label})
    return found


def tokenizer_folder() -> Path | None:
    """Return a folder with a real tokenizer: MiniLM's; None where no package brings it."""
    try:
        found: Path = registry.get("models", "minilm").folder()
    except ModelError:
        return None
    return found


def save_encoder(folder: Path, *, width: int = 32, seed: int = 7) -> Path:
    """Save a BERT of two layers and two heads with random weights, and MiniLM's tokenizer, as any encoder is saved."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=30522, hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=2 * width
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    source = tokenizer_folder()
    assert source is not None
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (source / name).is_file():
            shutil.copy(source / name, folder / name)
    return folder


def train(model: Path, **options: Any) -> fmtools.Run:
    """Train the tiny encoder: 96 rows, two epochs of twelve steps each, no attention unless asked for."""
    usual = {"data": rows(96), "epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "watch_every": 0}
    return fmtools.train(model=str(model), **{"precision": "fp32", **usual, **options})


def records(run: fmtools.Run) -> list[dict[str, Any]]:
    """Return everything a run's log says, in the order of seq."""
    return LogReader(run.path / "events").read()


def steps_of(run: fmtools.Run, attempt: int | None = None) -> list[dict[str, Any]]:
    """Return the steps in the log, of one attempt when it is given."""
    return [r for r in records(run) if r["type"] == "step" and attempt in (None, r["attempt"])]


def weights(run: fmtools.Run) -> str:
    """Return the sha256 of a run's published weights."""
    return hashlib.sha256((run.path / "artifacts/model/model.safetensors").read_bytes()).hexdigest()


def pid_of(run: fmtools.Run) -> int:
    """Return the process id of a run's newest worker."""
    holder, _ = lease.newest(run.path)
    assert holder is not None
    return holder.pid


def until(true: Callable[[], Any], seconds: float = 60.0, every: float = 0.005) -> Any:
    """Wait until something is true, and return it; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)
    return value


def at_step(run: fmtools.Run, step: int, attempt: int = 1) -> None:
    """Wait until the log of a run has reached a step; fail when the attempt ends before."""
    reader = LogReader(run.path / "events")

    def reached() -> bool:
        new = [r for r in reader.read() if r["attempt"] == attempt]
        assert not any(r["type"] == "status" and r["status"] in ENDED for r in new), new[-3:]
        return any(r["type"] == "step" and r["step"] >= step for r in new)

    until(reached, every=0.001)


def gone(pid: int) -> bool:
    """Say whether a process has ended; a zombie has."""
    return lease.process_start(pid) == ""


def kill(run: fmtools.Run) -> float:
    """Kill a run's worker as the kernel's OOM killer would, and return the seconds until nobody holds the run."""
    pid, began = pid_of(run), time.monotonic()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not RunFolder(run.path).alive())
    return time.monotonic() - began


def leftovers(store: Path) -> list[str]:
    """Return the half-made things in a store: nothing of that kind may outlive an error."""
    found = itertools.chain(store.rglob(".tmp-*"), store.rglob(".trash-*"), store.rglob(".old-*"))
    return sorted(str(path.relative_to(store)) for path in found)
