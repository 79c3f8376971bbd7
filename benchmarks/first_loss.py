"""From asking for a training to its first step, beside the shortest script that takes one step (a fresh process)."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from fmtools.runtime import launch
from fmtools.store.runs import RunFolder, run_ids

from . import logs, peers, tiny
from .figures import Aim, Figure, in_turns, ratios
from .kernel import Kernel
from .settings import Settings, scratch

BATCH, LENGTH = 16, 128
#: A question that a warm worker answers: returns when the worker has loaded its libraries, and warms up nothing else.
READY = "from fmtools.runtime import launch; launch.ask('hardware')"
MAGIC = "run = %fm_train --data {data} --batch-size 16 --max-length 128"
CALL = "import fmtools, time; asked = time.time(); fmtools.train(data={data!r}, batch_size=16, max_length=128)"


def run(settings: Settings) -> list[Figure]:
    """Measure a kernel with its standby worker, one without, and the API call; each against a script of its own."""
    n, figures = settings.repeats(5, 1), []
    with scratch() as folder:
        data = tiny.write_csv(folder / "rows.csv") if settings.quick else tiny.whole_csv(folder / "rows.csv")
        once = _script(data)  # so that neither side reads its libraries from the disk
        peer_of = (lambda: once) if settings.quick else partial(_script, data)
        for name, ours, aim in (
            ("%fm_train, first of a kernel, standby warm", partial(_magic, data, True), Aim("<=", 1.0)),
            ("fmtools.train() again, standby warm", partial(_call, data), Aim("<=", 1.0)),
            ("%fm_train, first of a kernel, no standby", partial(_magic, data, False), None),
        ):
            own, peer = in_turns(n, ours, peer_of)
            figures += [
                Figure(f"{name}: to the first step", own, "s"),
                Figure("  the script: to its first step", peer, "s"),
                Figure("  ours / script", ratios(own, peer), "", aim),
            ]
    return figures


def _script(data: Path) -> float:
    began = time.time()
    return float(peers.run("first_step", data, launch.resolve("minilm"), BATCH, LENGTH)["at"]) - began


def _magic(data: Path, warm: bool) -> float:
    """From sending the cell's text to a kernel to the first step."""
    with Kernel() as kernel:
        kernel.run("%load_ext fmtools")
        if warm:
            kernel.run(READY)
        began = time.time()
        return _first_step(kernel, MAGIC.format(data=data)) - began


def _call(data: Path) -> float:
    """From the call to the first step, in a kernel that has trained before."""
    with Kernel() as kernel:
        kernel.run("%load_ext fmtools")
        _first_step(kernel, MAGIC.format(data=data))
        kernel.run(READY)
        first = _first_step(kernel, CALL.format(data=str(data)))
        return first - float(kernel.run("print(asked)"))


def _first_step(kernel: Kernel, cell: str) -> float:
    """Run a cell that trains; return when its first step was done (seconds since the epoch). The rest is cut short."""
    known = set(run_ids())
    sent = kernel.send(cell)
    new: RunFolder = logs.wait_for_new(known)
    at = float(logs.wait_for(new, "step")["t"])
    logs.kill(new)
    kernel.finish(sent)
    return at
