"""One process, two, and two on Ray: the same rows in the same batches give the same losses, gradients and weights."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from safetensors.torch import load_file

import fmtools
from fmtools.store.runs import RunFolder, open_run

from . import logs, tiny
from .figures import Aim, Figure
from .settings import Settings, scratch

#: Batches whose rows two processes cannot divide evenly; no dropout, which no two processes draw alike.
OPTIONS: dict[str, Any] = {
    "batch_size": 15, "max_length": 32, "watch_every": 0, "dropout": 0.0, "precision": "fp32", "optimizer": "sgd",
    "learning_rate": 0.05,
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {"2 processes": {"processes": 2}, "2 processes on Ray": {"processes": 2, "on": "ray"}}


def run(settings: Settings) -> list[Figure]:
    """Train once in each way and compare with one process, step by step."""
    with scratch() as folder:
        data, model = tiny.write_csv(folder / "rows.csv"), tiny.make_model(folder / "model")
        asked = {**OPTIONS, "epochs": 1 if settings.quick else 2, "data": str(data), "model": str(model)}
        one = _trained(asked)
        figures = [Figure("one process: the whole run", [_seconds(one)], "s")]
        for name, more in WAYS.items():
            if "on" not in more or find_spec("ray"):
                figures += _compared(name, one, _trained({**asked, **more}))
    return figures


def _trained(asked: dict[str, Any]) -> RunFolder:
    ended = fmtools.train(**asked)
    if ended.status != "done":
        raise RuntimeError(f"{ended.status}: {ended.head.error}")
    return open_run(ended.id)


def _compared(name: str, one: RunFolder, other: RunFolder) -> list[Figure]:
    pairs = list(zip(logs.events(one, "step"), logs.events(other, "step"), strict=True))
    first, second = (load_file(found.model / "model.safetensors") for found in (one, other))
    norms = [abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs]
    weights = max(float((first[key] - second[key]).abs().max()) for key in first)
    aim = Aim("<=", 1e-5)
    return [
        Figure(
            f"{name}: largest difference of a step's loss", [max(abs(a["loss"] - b["loss"]) for a, b in pairs)], "", aim
        ),
        Figure(f"{name}: largest relative difference of a gradient's norm", [max(norms)], "", aim),
        Figure(f"{name}: largest difference of a weight", [weights], "", aim),
        Figure(f"{name}: the whole run", [_seconds(other)], "s"),
    ]


def _seconds(run: RunFolder) -> float:
    """Return the time from when the run was made to its last word."""
    return float(max(event["t"] for event in logs.events(run, "status")) - run.record.created)
