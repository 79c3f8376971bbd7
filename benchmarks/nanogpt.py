"""nanoGPT's recipe for a processor, through fmtools and as a bare loop with the same text, seed and order.

4 layers, 4 heads, 128 wide, blocks of 64 characters, batches of 12, 2,000 steps of AdamW at 1e-3, on Moby-Dick.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from .figures import Aim, Figure
from .settings import ROOT, Settings, scratch

STEPS, QUICK = 2000, 200
#: How far the losses may be apart, in nats a character.
APART = 0.03
BLOCK, BATCH, SEED, PEAK, LOWEST, WARMUP = 64, 12, 42, 1e-3, 1e-4, 100
#: What cross_entropy takes for "no target".
NOTHING = -100
#: The last steps whose training losses are averaged.
LAST = 100
DATA = "moby-dick"
OPTIONS: dict[str, Any] = {
    "data": DATA, "from_scratch": True, "tokenizer": "characters", "layers": 4, "heads": 4, "width": 128, "max_length": BLOCK,
    "batch_size": BATCH, "learning_rate": PEAK, "schedule": "cosine_with_min_lr", "min_learning_rate": LOWEST, "warmup": WARMUP,
    "adam_beta2": 0.99, "weight_decay": 0.1, "dropout": 0.0, "max_grad_norm": 1.0, "seed": SEED, "precision": "fp32",
}  # fmt: skip


def run(settings: Settings) -> list[Figure]:
    """Train both ways and compare; quick: 200 steps."""
    from fmtools.kit.fetching import assets

    steps = QUICK if settings.quick else STEPS
    os.environ.setdefault("FMTOOLS_CACHE", str(assets.cache_root()))  # the store below is new, the text is not
    with scratch():
        ours, bare = _ours(steps), _bare(steps)
    print(f"fmtools: {_line(ours)}\nbare:    {_line(bare)}", flush=True)
    apart = {name: abs(ours[name] - bare[name]) for name in ("validation", "training")}
    return [
        Figure("validation loss, fmtools", [ours["validation"]], "nats"),
        Figure("validation loss, bare loop", [bare["validation"]], "nats"),
        Figure("apart", [apart["validation"]], "nats", Aim("<=", APART)),
        Figure(f"training loss, last {LAST} steps, apart", [apart["training"]], "nats", Aim("<=", APART)),
        Figure("steps a second, fmtools", [1 / ours["seconds"]], "1/s"),
        Figure("steps a second, bare loop", [1 / bare["seconds"]], "1/s"),
        Figure("speed over the bare loop's", [bare["seconds"] / ours["seconds"]], "ratio"),
    ]


def _line(found: dict[str, float]) -> str:
    return (
        f"validation {found['validation']:.4f}, training {found['training']:.4f} nats a character, "
        f"{1000 * found['seconds']:.1f} ms a step (median)"
    )


def _ours(steps: int) -> dict[str, float]:
    import fmtools
    from fmtools.store.log import LogReader

    # Without attention maps and samples: a bare loop has none either.
    run = fmtools.train("text-generation", max_steps=steps, watch_every=0, sample_every=0, **OPTIONS)
    if run.status != "done":
        raise RuntimeError(run.head.error)
    seconds = [record["seconds"] for record in LogReader(run.path / "events").read() if record["type"] == "step"]
    losses = [value for _, value in run.history["loss"]]
    return {
        "validation": run.history["validation/loss"][-1][1],
        "training": statistics.mean(losses[-LAST:]),
        "seconds": statistics.median(seconds),
    }


def _bare(steps: int) -> dict[str, float]:
    """Run the bare loop in a process of its own, tuned like ours."""
    from fmtools.runtime.process import TUNED

    command = [sys.executable, "-m", "benchmarks.nanogpt", str(steps)]
    done = subprocess.run(command, cwd=ROOT, env={**TUNED, **os.environ}, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def bare_loop(steps: int) -> dict[str, float]:
    """Train a GPT-2 of transformers with nothing but torch around it."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import GPT2Config, GPT2LMHeadModel, set_seed

    from fmtools.runtime import launch

    splits = launch.load(DATA).splits
    train, validation = splits["train"]["text"].to_pylist(), splits["validation"]["text"].to_pylist()
    # The same numbers for the same characters: seven special tokens, then the characters in order.
    specials, unknown, end = 7, 1, 3
    number = {character: specials + i for i, character in enumerate(sorted(set("".join(train))))}

    def blocks(texts: list[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        stream = [end]
        for text in texts:
            stream += [number.get(character, unknown) for character in text] + [end]
        lacking = -(len(stream) - 1) % BLOCK  # the last block is filled up with tokens that nothing is asked for
        inputs = torch.tensor(stream[:-1] + [0] * lacking).view(-1, BLOCK)
        targets = torch.tensor(stream[1:] + [NOTHING] * lacking).view(-1, BLOCK)
        return list(zip(inputs, targets, strict=True))

    rows, held = blocks(train), blocks(validation)
    set_seed(SEED)
    config = GPT2Config(
        vocab_size=specials + len(number), n_positions=BLOCK, n_embd=128, n_layer=4, n_head=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.99))
    losses: list[float] = []
    times: list[float] = []
    epoch = 0
    while len(losses) < steps:
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(SEED + epoch)).tolist()
        for start in range(0, len(order), BATCH):
            began = time.perf_counter()
            chosen = [rows[i] for i in order[start : start + BATCH]]
            inputs, targets = (torch.stack(parts) for parts in zip(*chosen, strict=True))
            for group in optimizer.param_groups:
                group["lr"] = rate(len(losses), steps)
            loss = cross_entropy(model(input_ids=inputs).logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            times.append(time.perf_counter() - began)
            if len(losses) == steps:
                break
        epoch += 1
    with torch.no_grad():
        parts = []
        for start in range(0, len(held), BLOCK):
            inputs, targets = (torch.stack(part) for part in zip(*held[start : start + BLOCK], strict=True))
            logits = model(input_ids=inputs).logits.flatten(0, 1)
            parts.append(cross_entropy(logits, targets.flatten(), reduction="none")[targets.flatten() != NOTHING])
    return {
        "validation": torch.cat(parts).double().mean().item(),
        "training": statistics.mean(losses[-LAST:]),
        "seconds": statistics.median(times),
    }


def rate(step: int, steps: int) -> float:
    """Return the rate of a step: up for WARMUP steps, then down a cosine to LOWEST."""
    if step < WARMUP:
        return PEAK * step / WARMUP
    progress = (step - WARMUP) / max(1, steps - WARMUP)
    return LOWEST + (PEAK - LOWEST) * 0.5 * (1 + math.cos(math.pi * progress))


if __name__ == "__main__":
    print(json.dumps(bare_loop(int(sys.argv[1]))))
