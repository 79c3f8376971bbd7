"""Bare loops that fine-tune a tagger, without Trainer or log: `python -m benchmarks.peers.ner_loop KIND JSON`.

KIND "tutorial": as introductions print it - every row padded to 128 tokens, eager attention, AdamW as a loop over
tensors. KIND "tuned": what a careful hand writes - tokenised once, batches of like length with as little padding as they
need, fused attention, fused AdamW, bfloat16 where asked. Both clip gradients at 1, with rates that fall to nothing.

JSON: {"rows": a file of {"split", "tokens", "tags"} lines, "model": folder, "epochs", "batch", "rate", "seed", "bf16"}.
Prints {"rows_per_second": over all steps but the first few of each epoch, "f1": of entities on the test rows, by seqeval}.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from seqeval.metrics import f1_score
from transformers import AutoModelForTokenClassification, AutoTokenizer

from fmtools.kit.training.batches import LengthGroups

LENGTH, IGNORED = 128, -100
#: Steps at an epoch's beginning that are not timed, on our side as on this one.
WARM = 3
Batch = dict[str, torch.Tensor]


class Loop:
    """Rows, tags, model and optimizer of one training."""

    def __init__(self, kind: str, asked: dict[str, Any]) -> None:
        self.tuned, self.asked = kind == "tuned", asked
        torch.manual_seed(asked["seed"])
        random.seed(asked["seed"])
        with Path(asked["rows"]).open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        # O first, then kind by kind, as tutorials and fmtools list them: a seed then gives each tag the same new weights.
        self.names = sorted({tag for row in rows for tag in row["tags"]}, key=lambda tag: (tag != "O", tag[2:], tag))
        self.rows = {split: [row for row in rows if row["split"] == split] for split in ("train", "test")}
        self.tokenizer = AutoTokenizer.from_pretrained(asked["model"])
        self.model = AutoModelForTokenClassification.from_pretrained(
            asked["model"], num_labels=len(self.names), attn_implementation="sdpa" if self.tuned else "eager"
        )
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=asked["rate"],
            weight_decay=0.01,
            **({"fused": True} if self.tuned else {"foreach": False}),
        )

    def encode(self, rows: list[dict[str, Any]]) -> list[Batch]:
        """Tokenise rows; a word's tag stands at its first piece."""
        padding = {} if self.tuned else {"padding": "max_length"}
        encoded = self.tokenizer(
            [row["tokens"] for row in rows], is_split_into_words=True, truncation=True, max_length=LENGTH, **padding
        )
        return [
            {
                "input_ids": torch.tensor(encoded["input_ids"][place]),
                "attention_mask": torch.tensor(encoded["attention_mask"][place]),
                "labels": torch.tensor(self._labels(encoded.word_ids(place), row["tags"])),
            }
            for place, row in enumerate(rows)
        ]

    def _labels(self, words: list[int | None], tags: list[str]) -> list[int]:
        firsts = [word if word is not None and word != words[i - 1] else None for i, word in enumerate(words)]
        return [IGNORED if word is None else self.names.index(tags[word]) for word in firsts]

    def batch(self, rows: list[Batch]) -> Batch:
        """Stack rows, padded to the longest of them."""
        fill = {"input_ids": self.tokenizer.pad_token_id or 0, "attention_mask": 0, "labels": IGNORED}
        return {
            name: torch.nn.utils.rnn.pad_sequence([row[name] for row in rows], True, fill[name]) for name in rows[0]
        }

    def epoch(self, rows: list[Batch], number: int) -> Iterator[list[Batch]]:
        """Yield the batches of one epoch."""
        order = list(range(len(rows)))
        size = self.asked["batch"]
        if self.tuned:
            order = list(
                LengthGroups([len(row["input_ids"]) for row in rows], size, self.asked["seed"], lambda: number)
            )
        else:
            random.shuffle(order)
        for start in range(0, len(order), size):
            yield [rows[place] for place in order[start : start + size]]

    def train(self) -> float:
        """Train; return rows a second."""
        rows = self.encode(self.rows["train"])
        steps = -(-len(rows) // self.asked["batch"]) * self.asked["epochs"]
        rates = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: max(0.0, 1 - step / steps))
        self.model.train()
        timed, seconds = 0, 0.0
        for number in range(self.asked["epochs"]):
            for step, chosen in enumerate(self.epoch(rows, number)):
                began = time.perf_counter()
                self.step(self.batch(chosen))
                rates.step()
                if step >= WARM:
                    timed, seconds = timed + len(chosen), seconds + time.perf_counter() - began
        return timed / seconds

    def step(self, batch: Batch) -> None:
        """Take one step."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.asked["bf16"]):
            loss = self.model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        loss.item()  # the loss is printed, as in every tutorial

    @torch.inference_mode()
    def f1(self) -> float:
        """Return the F1 of entities on the test rows; what was cut off is O."""
        self.model.eval()
        encoded, guesses = self.encode(self.rows["test"]), []
        for start in range(0, len(encoded), 64):
            batch = self.batch(encoded[start : start + 64])
            chosen = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.argmax(-1)
            guesses += [
                [self.names[int(tag)] for tag in row[labels != IGNORED]]
                for row, labels in zip(chosen, batch["labels"], strict=True)
            ]
        truth = [row["tags"] for row in self.rows["test"]]
        whole = [guess + ["O"] * (len(tags) - len(guess)) for guess, tags in zip(guesses, truth, strict=True)]
        return float(f1_score(truth, whole))


if __name__ == "__main__":
    loop = Loop(sys.argv[1], json.loads(sys.argv[2]))
    speed = loop.train()
    print(json.dumps({"rows_per_second": speed, "f1": loop.f1()}))
