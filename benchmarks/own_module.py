"""An embedding and an LSTM, written as anyone would in a cell, on `reviews` through `%fm_train custom`."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn

import fmtools
from fmtools.runtime import launch

from .figures import Aim, Figure
from .settings import Settings, scratch

OPTIONS: dict[str, Any] = {"epochs": 3, "learning_rate": 3e-3, "max_length": 96, "validation": 0.05}


class Reader(nn.Module):
    """Embedding, LSTM, the mean of its states; the data tell vocab_size and num_labels."""

    def __init__(self, vocab_size: int, num_labels: int, width: int = 64) -> None:
        super().__init__()
        self.words = nn.Embedding(vocab_size, width, padding_idx=0)
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.3)
        self.out = nn.Linear(2 * width, num_labels)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits [rows, labels]."""
        hidden, _ = self.lstm(self.dropout(self.words(input_ids)))
        mask = attention_mask.unsqueeze(-1)
        return self.out(self.dropout((hidden * mask).sum(1) / mask.sum(1)))


def run(settings: Settings) -> list[Figure]:
    """Train and score on the set's own test rows, beside always the most frequent class."""
    tables = launch.load("reviews").splits
    data = {name: table.slice(0, 60) if settings.quick else table for name, table in tables.items()}
    options = {**OPTIONS, **({"epochs": 1} if settings.quick else {})}
    with scratch():
        base = fmtools.baseline(data, task="custom")
        began = time.perf_counter()
        trained = fmtools.train("custom", model=Reader, data=data, **options)
        seconds, reached = time.perf_counter() - began, trained.metrics  # the store goes with the block
    aim = None if settings.quick else Aim(">=", base.metrics["accuracy"] + 0.05)
    return [
        Figure("training", [seconds], "s"),
        Figure("accuracy, most frequent class", [base.metrics["accuracy"]]),
        Figure("accuracy, trained", [reached["accuracy"]], aim=aim),
        Figure("F1 macro, trained", [reached["f1_macro"]]),
    ]
