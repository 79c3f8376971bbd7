"""What a run was said to cost beforehand (`--dry-run`), and what it then cost: time, peak memory, disk, of six runs."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import fmtools
from fmtools.core.options import TrainOptions
from fmtools.runtime import forecast, process
from fmtools.store import lease
from fmtools.store.log import LogReader

from . import tiny
from .figures import Aim, Figure
from .settings import Settings, scratch

#: How far off a forecast may be.
OFF = 0.15
LOOK = 0.05
#: Six runs of different tasks, sizes and lengths, each of 20 to 60 seconds on two quiet cores.
RUNS: dict[str, dict[str, Any]] = {
    "intents": {"task": "text-classification", "data": "intents", "max_steps": 300},
    "reviews, 256 tokens": {
        "task": "text-classification", "data": "reviews", "max_length": 256, "max_steps": 24, "validation": 0.05,
    },
    "tags": {"task": "token-classification", "data": "tags", "max_steps": 120},
    "generation from scratch": {
        "task": "text-generation", "data": "moby-dick", "model": "gpt2", "from_scratch": True, "max_steps": 60,
        "tokenizer": "characters",
    },
    "filling gaps": {"task": "fill-mask", "data": "reviews", "max_steps": 16, "validation": 0.02, "batch_size": 8},
    "sentence pairs": {"task": "sentence-similarity", "data": "faq", "max_steps": 12},
}  # fmt: skip


@dataclass
class Truth:
    """What a run cost: seconds from its worker's first event to its last, of processor, and bytes."""

    seconds: float = 0.0
    processor: float = 0.0
    peak: int = 0
    disk: int = 0
    #: What the run itself said first, after a few steps: seconds and bytes of memory.
    foretold: tuple[float, float] = (0.0, 0.0)


def run(settings: Settings) -> list[Figure]:
    """Forecast, then train, each run in a store of its own."""
    figures, chosen = [], dict(list(RUNS.items())[: 1 if settings.quick else None])
    for name, options in chosen.items():
        with scratch() as folder:
            asked = {**options, **_data(options["data"], folder)}
            if settings.quick:
                asked |= {"data": str(tiny.write_csv(folder / "rows.csv")), "max_steps": 12}
            figures += _compared(name, asked)
    return figures


def _data(name: str, folder: Path) -> dict[str, Any]:
    """Return the data of a run; some are made from built-in sets."""
    made: dict[str, Callable[[Path], dict[str, Any]]] = {"tags": _tags}
    return made[name](folder) if name in made else {}


def _tags(folder: Path) -> dict[str, Any]:
    """Write CoNLL sentences whose tags follow from the words: names of the built-in set's intents."""
    lines = []
    for number, (text, label) in enumerate(tiny.rows(labels=8, each=200)):
        words = text.split()
        lines += [f"{word} {'B-' + label.upper() if i == number % len(words) else 'O'}" for i, word in enumerate(words)]
        lines.append("")
    path = folder / "tags.conll"
    path.write_text("\n".join(lines), encoding="utf-8")
    return {"data": str(path)}


def _compared(name: str, options: dict[str, Any]) -> list[Figure]:
    said = forecast.forecast(TrainOptions.parse(options), fresh=True).estimate
    truth = _trained(options)
    pairs = [
        ("time", said.seconds, truth.seconds, "s", 1.0),
        ("processor", said.processor, truth.processor, "s", 1.0),
        ("peak memory", said.peak_bytes, truth.peak, "MB", 1e6),
        ("disk", said.disk_bytes, truth.disk, "MB", 1e6),
        ("time, said by its card after a few steps", truth.foretold[0], truth.seconds, "s", 1.0),
        ("peak memory, said by its card", truth.foretold[1], truth.peak, "MB", 1e6),
    ]
    return [
        Figure(
            f"{name}: {what}, forecast over truth",
            [expected / max(1e-9, found)],
            "ratio",
            note=f"{expected / unit:.1f} {word} said, {found / unit:.1f} {word} taken",
        )
        for what, expected, found, word, unit in pairs
    ] + [Figure(f"{name}: the further off of time and memory", [_off(pairs[0], pairs[2])], "share", Aim("<=", OFF))]


def _off(*pairs: tuple[str, float, float, str, float]) -> float:
    return max(abs(expected / max(1e-9, found) - 1.0) for _, expected, found, _, _ in pairs)


def _trained(options: dict[str, Any]) -> Truth:
    """Train beside this process, and look how its worker and its folder grow."""
    process.warm_up()
    _ready()
    run = fmtools.train(**options, background=True)
    holder, _ = lease.newest(run.path)
    assert holder is not None
    worker, truth = psutil.Process(holder.pid), Truth()
    before = _processor(worker)
    while run.head.alive:
        with contextlib.suppress(psutil.Error, OSError):
            truth.peak = max(truth.peak, _peak(worker.pid))
            truth.processor = max(truth.processor, _processor(worker) - before)
        truth.disk = max(truth.disk, _size(run.path))
        time.sleep(LOOK)
    records = LogReader(run.path / "events").read()
    times = [record["t"] for record in records]
    first = next((record for record in records if record["type"] == "forecast"), {"seconds": 0.0, "peak_bytes": 0})
    truth.foretold = float(first["seconds"]), float(first["peak_bytes"])
    if run.status != "done":
        raise RuntimeError(f"{run.status}: {run.head.error or run.head.message}")
    truth.seconds = times[-1] - times[0]
    return truth


def _ready() -> None:
    """Wait until the standby worker has loaded its libraries: that time is not the run's."""
    fmtools.doctor()


def _processor(worker: psutil.Process) -> float:
    times = worker.cpu_times()
    return float(times.user + times.system)


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmHWM:")), 0)) * 1024  # a zombie has none


def _size(folder: Path) -> int:
    """Return the bytes of all files below a folder, which may go while this looks."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(place) / name).stat().st_size
    return total
