"""Fine-tuning a tagger on Chinese news: rows a second beside a tutorial's loop and a hand-tuned one, and entity F1.

The model has MiniLM's size and a vocabulary of characters, see cut_e5; each loop gets the same rows, epochs and rate.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from fmtools.runtime import launch
from fmtools.store.runs import RunFolder, open_run, run_ids
from fmtools.views.follow import RunView

from . import cut_e5, logs, peers, tiny
from .figures import Aim, Figure, ratios
from .kernel import Kernel
from .peers.ner_loop import WARM
from .settings import Settings, scratch

CELL = (
    "run = %fm_train token-classification --model {model} --data {rows} --epochs {epochs} --batch-size {batch} --seed {seed}"
    " --learning-rate {rate} --head-learning-rate {rate} --warmup 0 --precision {precision}"
)
#: Rows from People's Daily: sentences of at most 40 characters, 60 % of them, have 24 tokens in the mean - about as many as
#: those of CoNLL-2003, which tutorials use. What padding to 128 costs depends on that: all sentences have 39.
TRAIN, TEST, LONGEST = 1_000, 1_500, 40
RECIPE: dict[str, Any] = {"epochs": 3, "batch": 16}
#: Seeds of which only the loop and ours in fp32 are trained: how much a seed moves F1 hides what a way of training does.
FURTHER = 5
ROUND = ("tutorial", "tuned fp32", "ours fp32", "tuned bf16", "ours bf16")
PAIR = ("tuned fp32", "ours fp32")
Seen = dict[str, float]


def run(settings: Settings) -> list[Figure]:
    """Train each way in turns, with a seed a round; quick: a tiny model on a few intents."""
    rounds: list[dict[str, Seen]] = []
    further: list[dict[str, Seen]] = []
    with scratch() as folder:
        asked = _quick(folder) if settings.quick else _full(folder)
        seeds = range(42, 42 + settings.repeats(2, 1))
        for seed in seeds:
            rounds.append({way: _measure(way, {**asked, "seed": seed}) for way in ROUND})
        for seed in range(seeds.stop, seeds.stop + (0 if settings.quick else FURTHER)):
            further.append({way: _measure(way, {**asked, "seed": seed}) for way in PAIR})
    speed = {way: [seen[way]["rows_per_second"] for seen in rounds] for way in ROUND}
    f1 = {way: [seen[way]["f1"] for seen in rounds] for way in ROUND}
    pairs = [tuple(100 * seen[way]["f1"] for way in PAIR) for seen in (*rounds, *further)]
    return [Figure("tokens a row", [asked["tokens"]]), *_speeds(speed), *_scores(f1), *_paired(pairs)]


def _speeds(speed: dict[str, list[float]]) -> list[Figure]:
    figures = [Figure(f"rows a second, {way}", speed[way], "rows/s") for way in ROUND]
    for number, times in (("fp32", 5.5), ("bf16", 7.5)):
        ours = speed[f"ours {number}"]
        figures += [
            Figure(f"ours {number} / tutorial", ratios(ours, speed["tutorial"]), "", Aim(">=", times)),
            Figure(f"ours {number} / hand-tuned {number}", ratios(ours, speed[f"tuned {number}"]), "", Aim(">=", 0.95)),
            Figure(f"  hand-tuned {number} / tutorial", ratios(speed[f"tuned {number}"], speed["tutorial"])),
        ]
    return figures


def _scores(f1: dict[str, list[float]]) -> list[Figure]:
    figures = [Figure(f"entity F1, {way}", [100 * value for value in f1[way]], "points") for way in ROUND]
    # A seed moves F1 by more than half a point: the means over the rounds are compared.
    for way in ("ours fp32", "ours bf16"):
        lost = 100 * (mean(f1["tutorial"]) - mean(f1[way]))
        figures.append(Figure(f"points of F1 lost to the tutorial, {way}", [lost], "points", Aim("<=", 0.5)))
    return figures


def _paired(pairs: list[tuple[float, ...]]) -> list[Figure]:
    """Compare F1 seed by seed: batches and new weights are the same, dropout is not."""
    return [
        Figure("entity F1, hand-tuned fp32, every seed", [loop for loop, _ in pairs], "points"),
        Figure("entity F1, ours fp32, every seed", [ours for _, ours in pairs], "points"),
        Figure(
            "points of F1 lost to the hand-tuned loop, mean over seeds",
            [mean(loop - ours for loop, ours in pairs)],
            "points",
            Aim("<=", 0.5),
        ),
        *([Figure("  its standard error", [_error([a - b for a, b in pairs])], "points")] if len(pairs) > 1 else []),
    ]


def _error(values: list[float]) -> float:
    """Return the standard error of a mean."""
    return float(stdev(values) / len(values) ** 0.5)


def _measure(way: str, asked: dict[str, Any]) -> Seen:
    kind, _, precision = way.partition(" ")
    if kind == "ours":
        return _ours({**asked, "precision": precision})
    seen: Seen = peers.run("ner_loop", kind, json.dumps({**asked, "bf16": precision == "bf16"}))
    return seen


def _ours(asked: dict[str, Any]) -> Seen:
    """Train in a notebook's kernel, with its live card and attention every ten steps; read the speed from the log."""
    known = set(run_ids())
    with Kernel() as kernel:
        kernel.run("%load_ext fmtools")
        kernel.run(CELL.format(**asked))
    run = open_run((set(run_ids()) - known).pop())
    view = RunView(run)
    view.update()
    head = view.head()
    if head.status != "done":
        raise RuntimeError(head.error)
    return {"rows_per_second": _speed(run, asked["epochs"]), "f1": head.metrics["f1"]}


def _speed(run: RunFolder, epochs: int) -> float:
    """Return rows a second from step to step, leaving out the first steps of each epoch and what stands between two."""
    steps = logs.events(run, "step")
    each = len(steps) // epochs
    pairs = [(a, b) for a, b in pairwise(steps) if (b["step"] - 1) % each >= WARM]
    return sum(b["samples"] for _, b in pairs) / sum(b["t"] - a["t"] for a, b in pairs)


def _full(folder: Path) -> dict[str, Any]:
    splits = launch.load("people-daily").splits
    chance = random.Random(7)
    lengths: list[int] = []
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for split, count in (("train", TRAIN), ("validation", 100), ("test", TEST)):
            fit = [row for row in splits[split].to_pylist() if len(row["tokens"]) <= LONGEST]
            chosen = chance.sample(fit, count)
            lengths += [len(row["tokens"]) + 2 for row in chosen]  # a character is a token; two stand around them
            _write(file, split, chosen)
    model = str(cut_e5.make(folder / "model"))
    return {**RECIPE, "rows": str(folder / "rows.jsonl"), "model": model, "tokens": mean(lengths), "rate": 1e-4}


def _quick(folder: Path) -> dict[str, Any]:
    rows = [
        {"tokens": text.split(), "tags": ["B-LONG" if len(w) > 5 else "O" for w in text.split()]}
        for text, _ in tiny.rows()
    ]
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for split, part in (("train", rows[:160]), ("validation", rows[160:180]), ("test", rows[180:300])):
            _write(file, split, part)
    model = str(tiny.make_model(folder / "model"))
    tokens = mean(len(row["tokens"]) for row in rows)
    return {**RECIPE, "rows": str(folder / "rows.jsonl"), "model": model, "tokens": tokens, "rate": 1e-3}


def _write(file: Any, split: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        file.write(json.dumps({"split": split, **row}, ensure_ascii=False) + "\n")
