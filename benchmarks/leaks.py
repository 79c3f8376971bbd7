"""Runs one after another from one kernel: what the kernel holds after each - memory, files, threads, processes."""

from __future__ import annotations

from typing import Any

import psutil

from . import tiny
from .figures import Aim, Figure
from .kernel import Kernel
from .settings import Settings, scratch

CELL = "run = %fm_train --data {data} --model {model} --epochs 1 --watch-every 5"
#: The first runs import what a run needs, and the allocator takes its last large blocks; growth is counted from there.
WARM = 3
MB = 1e6


def run(settings: Settings) -> list[Figure]:
    """Train n times in one kernel, look at its process after each."""
    warm = 1 if settings.quick else WARM
    n = warm + settings.repeats(21, 2)
    with scratch() as folder, Kernel() as kernel:
        data, model = tiny.write_csv(folder / "rows.csv"), tiny.make_model(folder / "model")
        kernel.run("%load_ext fmtools")
        process = psutil.Process(int(kernel.run("import os; print(os.getpid())")))
        cell = CELL.format(data=data, model=model)
        seen = [_after(kernel, cell, process) for _ in range(n)]
        ended = kernel.run("print([r.head.status for r in __import__('fmtools').runs(limit=100).rows])")
    if ended.count("'done'") != n:
        raise RuntimeError(f"Not every run was done: {ended}")
    return _figures(seen, warm)


def _after(kernel: Kernel, cell: str, process: psutil.Process) -> dict[str, float]:
    kernel.run(cell)
    kernel.run("import gc; gc.collect()")
    children = process.children(recursive=True)
    zombies = [child for child in children if child.status() == psutil.STATUS_ZOMBIE]
    memory = process.memory_full_info()
    return {
        "uss": memory.uss / MB,
        "files": float(process.num_fds()),
        "threads": float(process.num_threads()),
        "children": float(len(children)),
        "zombies": float(len(zombies)),
    }


def _figures(seen: list[dict[str, float]], warm: int) -> list[Figure]:
    settled = seen[warm:]

    def growth(key: str) -> list[float]:
        return [(settled[-1][key] - settled[0][key]) / (len(settled) - 1)]

    runs = f"over {len(settled) - 1} runs"
    memory: dict[str, Any] = {
        "unit": "ratio",
        "note": f"{settled[0]['uss']:.1f} to {settled[-1]['uss']:.1f} MB, {runs}",
    }
    return [
        Figure(
            f"kernel memory (USS) after the last run / after run {warm + 1}",
            [settled[-1]["uss"] / settled[0]["uss"]],
            aim=Aim("<=", 1.02),
            **memory,
        ),
        Figure("kernel memory gained a run", growth("uss"), "MB", Aim("<=", 0.5), note=runs),
        Figure("open files gained a run", growth("files"), "files", Aim("<=", 0), note=runs),
        Figure("threads gained a run", growth("threads"), "threads", Aim("<=", 0), note=runs),
        Figure(
            "processes beside the kernel after a run",
            [s["children"] for s in seen],
            "processes",
            Aim("<=", 1),
            note="the standby worker",
        ),
        Figure("zombies after a run", [s["zombies"] for s in seen], "processes", Aim("<=", 1)),
    ]
