"""GPT-2 124M from scratch on a card: tokens a second and share of its peak, beside a bare loop in nanoGPT's manner.

Without a card nothing is measured. FMTOOLS_BENCH_DEVICE=cpu with --quick runs a tiny model on the processor, to see that it works.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import gpu_peaks
from .figures import Aim, Figure, ratios
from .settings import ROOT, Settings, scratch

DATA = "moby-dick"
#: Steps in all, and those before the clock starts: compiling, the caches of the card's libraries, its clock rates.
STEPS, WARM_UP, TURNS = 60, 20, 3
RATE, BETA2, DECAY = 6e-4, 0.95, 0.1
#: Words that the tokenizer learns; the model's are filled up to a multiple of 64, as nanoGPT does.
LEARNED = 8000
#: A card with less memory, in bytes, gets smaller batches, and more of them a step.
SMALL = 3e10


@dataclass(frozen=True)
class Plan:
    """What is trained, and how: `rows` a batch, `accumulate` batches a step."""

    device: str
    layers: int = 12
    heads: int = 12
    width: int = 768
    length: int = 1024
    words: int = 50304
    rows: int = 12
    accumulate: int = 8
    steps: int = STEPS
    warm_up: int = WARM_UP
    compile: bool = True

    @property
    def tokens(self) -> int:
        """Tokens of a step."""
        return self.rows * self.accumulate * self.length


TINY = {
    "layers": 2, "heads": 2, "width": 32, "length": 64, "words": 8064, "rows": 2, "accumulate": 2, "steps": 8, "warm_up": 3,
}  # fmt: skip


def device() -> str:
    """Return what to measure on: "cuda", what FMTOOLS_BENCH_DEVICE says, or "" where there is no card."""
    import torch

    return os.environ.get("FMTOOLS_BENCH_DEVICE") or ("cuda" if torch.cuda.is_available() else "")


def run(settings: Settings) -> list[Figure]:
    """Train both ways in turns and compare; quick: a tiny model. No card: nothing."""
    where = device()
    if not where or (where == "cpu" and not settings.quick):
        print("There is no card here (torch.cuda): nothing was measured.", flush=True)
        return []
    plan = _plan(where, settings.quick)
    with scratch() as folder:
        texts, tokens = _texts(plan, folder)
        both = [(_ours(plan, folder, texts), _bare(plan, tokens)) for _ in range(settings.repeats(TURNS, 1))]
    return _figures(plan, both, settings.quick)


def _plan(where: str, quick: bool) -> Plan:
    import torch

    if quick:
        return Plan(where, compile=where == "cuda", **TINY)
    small = torch.cuda.get_device_properties(0).total_memory < SMALL
    return Plan(where, rows=4, accumulate=24) if small else Plan(where)


def _figures(plan: Plan, both: list[tuple[dict[str, float], dict[str, float]]], quick: bool) -> list[Figure]:
    peak, source = gpu_peaks.of(plan.device, 512 if quick else 8192)
    speeds = [[plan.tokens / side["seconds"] for side in pair] for pair in both]
    ours, bare = ([pair[i] for pair in speeds] for i in (0, 1))
    parameters = int(both[0][1]["parameters"]) - plan.length * plan.width
    work = gpu_peaks.flops_a_token(parameters, plan.layers, plan.width, plan.length)
    print(f"{_name(plan.device)}: {peak / 1e12:,.1f} TFLOP/s at most in bf16 ({source})", flush=True)
    return [
        Figure("tokens a second, fmtools", ours, "1/s"),
        Figure("tokens a second, bare loop", bare, "1/s"),
        Figure("share of the card's peak, fmtools", [work * speed / peak for speed in ours], "share", note=source),
        Figure("share of the card's peak, bare loop", [work * speed / peak for speed in bare], "share", note=source),
        Figure("speed over the bare loop's", ratios(ours, bare), "ratio", Aim(">=", 1.0), note=_name(plan.device)),
        Figure("parameters apart", [abs(pair[0]["parameters"] - pair[1]["parameters"]) for pair in both], "weights"),
    ]


def _name(where: str) -> str:
    import torch

    return str(torch.cuda.get_device_name()) if where == "cuda" else "the processor"


def _texts(plan: Plan, folder: Path) -> tuple[list[dict[str, str]], Path]:
    """Make the model's folder; return rows enough for all steps, and the file of their tokens."""
    import numpy as np
    from transformers import GPT2Config, GPT2LMHeadModel

    from fmtools.core.options import TrainOptions
    from fmtools.kit.models import scratch as from_scratch
    from fmtools.runtime import launch

    texts = launch.load(DATA).splits["train"]["text"].to_pylist()
    asked = TrainOptions(data="", task="text-generation", model="gpt2", tokenizer="bpe", vocabulary=LEARNED)
    words = from_scratch.tokenizer(texts, asked)
    stream = np.concatenate([np.asarray(ids, np.uint16) for ids in words(texts, verbose=False)["input_ids"]])
    words.save_pretrained(folder / "model")
    shape = GPT2Config(
        vocab_size=plan.words, n_positions=plan.length, n_embd=plan.width, n_layer=plan.layers, n_head=plan.heads,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
    )  # fmt: skip
    GPT2LMHeadModel(shape).save_pretrained(
        folder / "model"
    )  # a folder needs weights, also where only its shape is asked for
    np.save(folder / "tokens.npy", stream)
    times = 1 + int(1.1 * plan.steps * plan.tokens / len(stream))  # one epoch: no evaluation or save in between
    return [{"text": text} for _ in range(times) for text in texts], folder / "tokens.npy"


def _ours(plan: Plan, folder: Path, texts: list[dict[str, str]]) -> dict[str, float]:
    import fmtools
    from fmtools.store.log import LogReader

    run = fmtools.train(
        "text-generation", model=str(folder / "model"), data=texts, from_scratch=True, max_length=plan.length,
        batch_size=plan.rows, gradient_accumulation=plan.accumulate, max_steps=plan.steps, validation=0.02,
        compile="on" if plan.compile else "off", learning_rate=RATE, adam_beta2=BETA2, weight_decay=DECAY, max_grad_norm=1.0,
        warmup=0.1, schedule="cosine", dropout=0.0, watch_every=0, sample_every=0, save_minutes=1440.0,
    )  # fmt: skip
    if run.status != "done":
        raise RuntimeError(run.head.error)
    log = LogReader(run.path / "events").read()
    times = {record["step"]: record["t"] for record in log if record["type"] == "step"}
    told = next(record for record in log if record["type"] == "plan")
    _check_device(plan, told)
    seconds = (times[plan.steps] - times[plan.warm_up]) / (plan.steps - plan.warm_up)
    return {"seconds": seconds, "parameters": told["parameters"]}


def _check_device(plan: Plan, told: dict[str, Any]) -> None:
    if not str(told["device"]).startswith(plan.device):
        raise RuntimeError(f"The training ran on {told['device']}, not on {plan.device}.")


def _bare(plan: Plan, tokens: Path) -> dict[str, float]:
    """Run the bare loop in a process of its own, tuned like ours."""
    from fmtools.kit.machine.precision import chosen_precision
    from fmtools.runtime.process import TUNED

    shape = {name: getattr(plan, name) for name in ("layers", "heads", "width", "length", "words")}
    told = {
        "device": plan.device, "shape": shape, "rows": plan.rows, "accumulate": plan.accumulate, "steps": plan.steps,
        "warm_up": plan.warm_up, "compile": plan.compile, "bf16": chosen_precision("auto") == "bf16", "tokens": str(tokens),
        "rate": RATE, "beta2": BETA2, "weight_decay": DECAY,
    }  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.peers.gpu_loop", json.dumps(told)]
    done = subprocess.run(command, cwd=ROOT, env={**TUNED, **os.environ}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The bare loop failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
