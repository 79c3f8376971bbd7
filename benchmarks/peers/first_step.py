"""The shortest script that fine-tunes: read a CSV, tokenise, load the model, take one step. No Trainer, no checks.

`python -m benchmarks.peers.first_step CSV MODEL BATCH LENGTH` prints {"at": seconds since the epoch, after the step}.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from fmtools.kit.machine.precision import native_bf16


def main(path: str, model_folder: str, batch_size: int, max_length: int) -> None:
    """Take the first step and print when it was done."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["label"] for row in rows})
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)["input_ids"]
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, num_labels=len(labels)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    chosen = random.sample(range(len(rows)), batch_size)
    batch = tokenizer.pad({"input_ids": [ids[i] for i in chosen]}, return_tensors="pt")
    truth = torch.tensor([labels.index(rows[i]["label"]) for i in chosen])
    with torch.autocast("cpu", torch.bfloat16, enabled=native_bf16()):
        loss = model(**batch, labels=truth).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(json.dumps({"at": time.time(), "loss": loss.item()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
