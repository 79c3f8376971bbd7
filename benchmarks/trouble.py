"""Trouble spotted while training: false alarms on simulated healthy runs, spikes that are found, what looking costs a step."""

from __future__ import annotations

import math
import random
import time

from fmtools.kit.trouble.detectors import Watch

from .figures import Aim, Figure
from .settings import Settings


def healthy(chance: random.Random) -> list[float]:
    """Return a loss that falls with noise of up to 60 % of its height, and now and then a batch three times as hard."""
    steps, start = chance.randint(60, 600), chance.uniform(0.3, 11)
    end, noise = start * chance.choice((0.001, 0.1, 0.3, 0.6, 0.9)), chance.uniform(0, 0.6)
    fall = [end + (start - end) * math.exp(-5 * step / steps) for step in range(steps)]
    return [value * (3.0 if chance.random() < 0.02 else 1.0) * math.exp(chance.gauss(0, noise)) for value in fall]


def alarms(losses: list[float], classes: int) -> list[str]:
    """Return the troubles that are said of a run."""
    watch = Watch(classes=classes)
    return [f.trouble for step, loss in enumerate(losses, 1) for f in watch.step(step, loss, 1e-4, loss)]


def run(settings: Settings) -> list[Figure]:
    """Watch n healthy runs, and the same with a spike in their second half."""
    n, chance = settings.repeats(2000, 50), random.Random(7)
    runs = [healthy(chance) for _ in range(n)]
    steps = sum(map(len, runs))
    began = time.process_time()
    false = [float(bool(alarms(losses, chance.choice((0, 2, 3, 10))))) for losses in runs]
    cost = (time.process_time() - began) / steps
    missed = [float("spike" not in alarms(_with_spike(losses, chance), 0)) for losses in runs]
    return [
        Figure(
            "healthy runs with a false alarm", false, "share", Aim("<=", 0.005), share=True, note=f"{steps:,} steps"
        ),
        Figure(
            "spikes that are missed", missed, "share", Aim("<=", 0.05), share=True, note="six steps, above all before"
        ),
        Figure("looking for trouble, a step", [cost * 1e6], "us of processor", Aim("<=", 100)),
    ]


def _with_spike(losses: list[float], chance: random.Random) -> list[float]:
    """Put six steps into the second half that are half again as high as everything before them."""
    at = chance.randint(len(losses) // 2, len(losses) - 6)
    height = 1.5 * max(losses[:at])
    return [*losses[:at], *(height * chance.uniform(0.9, 1.1) for _ in range(6)), *losses[at + 6 :]]
