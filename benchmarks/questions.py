"""Answers marked by MiniLM in passages of the set `bible`, beside answers that need no model."""

from __future__ import annotations

import time
import zlib
from typing import Any

import fmtools
from fmtools.runtime import launch

from .figures import Aim, Figure
from .kin import rows
from .settings import Settings, scratch

#: Questions to learn from and to be asked, of those that the verses give.
TRAIN, TEST = 800, 300
OPTIONS = {"model": "minilm", "epochs": 2, "watch_every": 0}


def run(settings: Settings) -> list[Figure]:
    """Train once, score the questions about test passages; quick: few of both, one epoch."""
    found = rows([verse for table in launch.load("bible").splits.values() for verse in table.to_pylist()])
    held = [_chapter(row) % 4 == 0 for row in found]
    size = 16 if settings.quick else TRAIN
    data = {
        "train": _spread([row for row, out in zip(found, held, strict=True) if not out], size),
        "test": _spread([row for row, out in zip(found, held, strict=True) if out], min(size, TEST)),
    }
    with scratch():
        base = fmtools.baseline(data, task="question-answering").metrics
        began = time.perf_counter()
        run = fmtools.train("question-answering", data=data, **{**OPTIONS, "epochs": 1 if settings.quick else 2})
        seconds = time.perf_counter() - began
        if run.status != "done":
            raise RuntimeError(run.head.error)
        scores = run.metrics
    asked = f"{len(data['train']):,} questions learned, {len(data['test'])} asked"
    return [
        Figure("exact match, MiniLM", [scores["exact_match"]], "%", Aim(">=", base["exact_match"] + 20), note=asked),
        Figure("  a name or a sentence, no model", [base["exact_match"]], "%"),
        Figure("F1, MiniLM", [scores["f1"]], "%", Aim(">=", base["f1"] + 20)),
        Figure("  a name or a sentence, no model", [base["f1"]], "%"),
        Figure("time of the training", [seconds], "s", note="with the test questions answered"),
    ]


def _chapter(row: dict[str, Any]) -> int:
    """Return a number for the chapter that a passage is of: no chapter is learned from and asked about."""
    return zlib.crc32(row["id"].rpartition(".")[0].encode())


def _spread(found: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return rows from all over a list."""
    return [found[i * len(found) // count] for i in range(min(count, len(found)))]
