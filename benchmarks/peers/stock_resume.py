"""The stock Trainer under kill -9: train with save_steps=1, kill at a random moment, resume from the last checkpoint.

`python -m benchmarks.peers.stock_resume MODEL CSV N SEED` prints {"failed": [0 or 1 a trial], "why": {text: count}}.
Libraries are imported once and each trial is forked from there: a trial is then a matter of a second or two.
"""

from __future__ import annotations

import collections
import csv
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import torch
import transformers.models.bert.modeling_bert  # noqa: F401  imported before the forks
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

STEPS, LIMIT = 60, 60.0


class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """Tokenised rows of a CSV file with the columns text and label."""

    def __init__(self, path: str, tokenizer: Any) -> None:
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.labels = sorted({row["label"] for row in rows})
        ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=32)["input_ids"]
        self.rows = [{"input_ids": i, "labels": self.labels.index(r["label"])} for i, r in zip(ids, rows, strict=True)]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


def train(model_folder: str, path: str, folder: str, resume: bool) -> None:
    """Train STEPS steps with a checkpoint after each; or go on from the newest one for two steps."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    rows = Rows(path, tokenizer)
    last = get_last_checkpoint(folder) if resume else None
    done = int(last.rsplit("-", 1)[1]) if last else 0
    arguments = TrainingArguments(
        output_dir=folder,
        max_steps=done + 2 if resume else STEPS,
        per_device_train_batch_size=16,
        save_strategy="steps",
        save_steps=1,
        save_total_limit=2,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, num_labels=len(rows.labels))
    Trainer(model, arguments, train_dataset=rows, processing_class=tokenizer).train(resume_from_checkpoint=last)


def child(words: tuple[str, str, str, bool], said: str) -> int:
    """Fork a process that trains; return its id. It leaves the last line of a traceback in the file `said`."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        train(*words)
    except BaseException:
        Path(said).write_text(traceback.format_exc().strip().splitlines()[-1])
        os._exit(1)
    os._exit(0)


def trial(model_folder: str, path: str, chance: random.Random) -> str:
    """Kill one training at a random moment, resume it; return why that failed, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        said = f"{folder}/.said"
        pid = child((model_folder, path, folder, False), said)
        until = time.monotonic() + LIMIT
        while not get_last_checkpoint(folder) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.0))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        _, status = os.waitpid(child((model_folder, path, folder, True), said), 0)
        return "" if status == 0 else (Path(said).read_text() if Path(said).exists() else f"status {status}")


def main(model_folder: str, path: str, n: int, seed: int) -> None:
    """Run the trials and print how they ended."""
    chance = random.Random(seed)
    reasons = [trial(model_folder, path, chance)[:160] for _ in range(n)]
    print(json.dumps({"failed": [int(bool(r)) for r in reasons], "why": collections.Counter(r for r in reasons if r)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
