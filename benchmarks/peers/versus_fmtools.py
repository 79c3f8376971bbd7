"""fmtools as a user runs it: one cell in a fresh kernel, the card live, attention recorded every 10 steps."""

from __future__ import annotations

import time

from fmtools.store.runs import open_run, run_ids

from .. import logs
from ..kernel import Kernel
from .versus_run import Job, Outcome, Peak, steady

#: What a user types. The other words of the line (batch, rates, lengths) are the defaults; the seed is the benchmark's.
CELL = "%load_ext fmtools\nrun = %fm_train --data {data} --epochs {epochs} --seed {seed}"


def train(job: Job) -> Outcome:
    """Send the cell to a kernel that has nothing loaded; wait for its end."""
    known = set(run_ids())
    with Kernel() as kernel:
        pid = int(kernel.run("import os; print(os.getpid())"))
        with Peak(pid) as peak:
            began = time.time()
            kernel.run(CELL.format(data=job.data, epochs=job.epochs, seed=job.seed))
            ended = time.time()
        run = open_run((set(run_ids()) - known).pop())
        times = [event["t"] for event in logs.events(run, "step")]
        attention = logs.events(run, "attention")
        metrics = logs.events(run, "result")[-1]["metrics"]
    if not attention:
        raise RuntimeError("No attention was recorded: this is not the run that was meant.")
    return Outcome(
        steady(times, job.epochs, job.rows, job.warm),
        job.rows * job.epochs / (ended - began),
        times[0] - began,
        peak.megabytes,
        metrics["accuracy"],
        metrics["f1_macro"],
    )
