"""kill -9 at a random moment, then resume: ours beside the stock Trainer with a checkpoint after each step."""

from __future__ import annotations

import random
import time
from typing import Any

import fmtools
from fmtools.runtime import launch
from fmtools.store.files import sha256_file
from fmtools.store.runs import RunFolder, open_run

from . import logs, peers, tiny
from .figures import Aim, Figure
from .settings import Settings, scratch

SEED = 7
#: A save is due after each step: most kills then fall into one.
OPTIONS: dict[str, Any] = {"batch_size": 16, "max_length": 32, "save_minutes": 1e-6, "watch_every": 0}


def run(settings: Settings) -> list[Figure]:
    """Kill and resume n runs of each, on the same small model and rows."""
    n, chance = settings.repeats(20, 1), random.Random(SEED)
    with scratch() as folder:
        data, model = tiny.write_csv(folder / "rows.csv"), tiny.make_model(folder / "model")
        asked = {**OPTIONS, "epochs": 1 if settings.quick else 3, "data": str(data), "model": str(model)}
        whole = open_run(fmtools.train(**asked).id)
        launch.warm_up_next()
        trials = [_trial(asked, whole, chance) for _ in range(n)]
        stock = peers.run("stock_resume", model, data, n, SEED)
    why = "; ".join(f"{count} x {text}" for text, count in stock["why"].items())
    failed, lost, differ, behind = (list(values) for values in zip(*trials, strict=True))
    return [
        Figure("ours: resume failed", failed, "share", Aim("<=", 0), share=True),
        Figure("ours: a logged step was lost", lost, "share", Aim("<=", 0), share=True),
        Figure("ours: weights differ from the run never killed", differ, "share", Aim("<=", 0), share=True),
        Figure("ours: steps done again", behind, "steps"),
        Figure("stock Trainer: resume failed", stock["failed"], "share", share=True, note=why[:200]),
    ]


def _trial(asked: dict[str, Any], whole: RunFolder, chance: random.Random) -> tuple[float, float, float, float]:
    """Return (resume failed, a step was lost, weights differ, steps done again) of one run that was killed."""
    killed = _killed(asked, _seconds(whole), chance)
    known = [event["step"] for event in logs.events(killed, "step")]
    resumed = fmtools.resume(killed.id)
    if resumed.status != "done":
        return 1.0, 0.0, 1.0, 0.0
    first = [event["step"] for event in logs.events(killed, "step") if event["attempt"] == 1]
    start = max(event["from_step"] or 0 for event in logs.events(killed, "status") if event["attempt"] == 2)
    lost = float(first[: len(known)] != known)
    return 0.0, lost, float(_weights(killed) != _weights(whole)), float(max(known) - start)


def _killed(asked: dict[str, Any], seconds: float, chance: random.Random) -> RunFolder:
    """Return a run whose worker was killed between its first checkpoint and its end, `seconds` later."""
    for _ in range(20):
        folder = open_run(fmtools.train(**asked, background=True).id)
        logs.wait_for(folder, "checkpoint")
        time.sleep(chance.uniform(0.0, seconds))
        logs.kill(folder)
        launch.warm_up_next()
        if not any(event["status"] == "done" for event in logs.events(folder, "status")):
            return folder
    raise RuntimeError("The runs end before they can be killed.")


def _seconds(whole: RunFolder) -> float:
    """Return the time from a run's first checkpoint to its end."""
    end = max(float(event["t"]) for event in logs.events(whole, "status"))
    return end - float(logs.events(whole, "checkpoint")[0]["t"])


def _weights(run: RunFolder) -> str:
    return sha256_file(run.model / "model.safetensors")
