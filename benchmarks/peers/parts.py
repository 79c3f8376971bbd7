"""Where our share of a step goes: the training stage as it is, with clocks around what it adds to the Trainer.

`python -m benchmarks.peers.parts RUN_FOLDER` trains the run's options once more and prints milliseconds, a step each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from fmtools.kit.training import looks
from fmtools.kit.training.durable import DurableTrainer
from fmtools.kit.training.narrator import Narrator
from fmtools.runtime.context import open_context
from fmtools.stages import train as stage
from fmtools.store import lease
from fmtools.store.runs import RunFolder, new_run_id


def clocked(owner: Any, name: str) -> list[float]:
    """Put a clock around a method; return the list that it fills, in ms."""
    inner: Callable[..., Any] = getattr(owner, name)
    taken: list[float] = []

    def outer(*words: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return inner(*words, **options)
        finally:
            taken.append((time.perf_counter() - began) * 1e3)

    setattr(owner, name, outer)
    return taken


def again(folder: RunFolder) -> RunFolder:
    """Return a new run with the options of another."""
    record = folder.record.model_copy(update={"id": new_run_id(), "name": "again"})
    return RunFolder.create(record, folder.path.parent.parent)


def main(run_folder: str) -> None:
    """Train, and print what each part took."""
    probe: list[float] = []

    def with_clock(*words: Any) -> Any:
        return _Snapshot(snapshots(*words), probe)

    snapshots = looks.snapshots
    looks.snapshots = with_clock  # type: ignore[assignment]
    log, count = clocked(Narrator, "on_log"), clocked(Narrator, "count")
    whole, step = clocked(DurableTrainer, "_maybe_log_save_evaluate"), clocked(DurableTrainer, "training_step")
    run = again(RunFolder(Path(run_folder)))
    with open_context(run.path, lease.claim(run.path).attempt) as context:
        stage.train(context, run.record)
    # What stands behind the steps is the end of the epoch: a save and an evaluation, which the bare Trainer has too.
    log, whole = log[: len(step)], whole[: len(step)]
    own = [a - b for a, b in zip(whole, log, strict=True)]
    plain = [ms for ms in log if not probe or ms < min(probe)]
    share = (sum(whole) + sum(count)) / (sum(step) + sum(whole))
    names = {"log_ms": plain, "trainer_ms": own, "count_ms": count, "probe_ms": probe}
    print(
        json.dumps(
            {**{k: [round(ms, 4) for ms in v] for k, v in names.items()}, "share": [share], "step_ms": median(step)}
        )
    )


class _Snapshot:
    """A snapshot function with a clock in it."""

    def __init__(self, inner: Callable[[int], None], taken: list[float]) -> None:
        self.inner, self.taken = inner, taken

    def __call__(self, step: int) -> None:
        began = time.perf_counter()
        self.inner(step)
        self.taken.append((time.perf_counter() - began) * 1e3)


if __name__ == "__main__":
    main(sys.argv[1])
