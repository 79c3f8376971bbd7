"""Steps a second with a live card and attention every 10 steps, beside the bare Trainer with logging off."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fmtools.store.runs import RunFolder, open_run, run_ids

from . import logs, peers, tiny
from .figures import Aim, Figure, in_turns, ratios
from .kernel import Kernel
from .settings import Settings, scratch

CELL = "run = %fm_train --data {data} --epochs {epochs} --watch-every 10 --watch 'turn on the kitchen lights'"
#: The first steps differ from the rest on both sides: threads start, memory is taken.
FROM_STEP = 10


def run(settings: Settings) -> list[Figure]:
    """Train on the built-in set `intents` in turns: in a notebook's kernel, and in a bare script."""
    with scratch() as folder:
        data = str(tiny.write_csv(folder / "rows.csv")) if settings.quick else "intents"
        cell = CELL.format(data=data, epochs=1)
        messages: list[float] = []
        # The run that the script copies; and both sides' files are read once.
        first, pattern = _in_kernel(cell, messages)
        if settings.quick and not settings.n:
            own, peer = [first], [_bare(pattern)]
        else:
            messages.clear()
            own, peer = in_turns(settings.repeats(5, 1), lambda: _in_kernel(cell, messages)[0], partial(_bare, pattern))
        parts = peers.run("parts", pattern.path)
    return [
        Figure("with card and attention", own, "steps/s"),
        Figure("bare Trainer, logging off", peer, "steps/s"),
        Figure("ours / bare", ratios(own, peer), "", Aim(">=", 0.97)),
        Figure(
            "messages of the kernel a run", messages, "messages", note="all cells; the server cuts above 1,000 a second"
        ),
        Figure("a step's log entry and look for controls", parts["log_ms"], "ms"),
        Figure("the Trainer's own work for it", parts["trainer_ms"], "ms"),
        Figure("counting rows and tokens", parts["count_ms"], "ms"),
        Figure("an attention snapshot", parts["probe_ms"], "ms", note="every 10th step"),
        Figure("all of it, share of a step", parts["share"], "", Aim("<=", 0.03)),
    ]


def _in_kernel(cell: str, messages: list[float]) -> tuple[float, RunFolder]:
    known = set(run_ids())
    with Kernel() as kernel:
        kernel.run("%load_ext fmtools")
        kernel.run(cell)
        messages.append(float(kernel.messages))
    run = open_run((set(run_ids()) - known).pop())
    times = {event["step"]: event["t"] for event in logs.events(run, "step")}
    last = max(times)
    return (last - FROM_STEP) / (times[last] - times[FROM_STEP]), run


def _bare(pattern: RunFolder) -> float:
    seen: dict[str, float] = peers.run("plain_trainer", Path(pattern.path), FROM_STEP)
    return seen["steps_per_second"]
