"""A learning-rate test, asked from the kernel: a worker does it, and no run is left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.options import TrainOptions
from ..kit.training.rate_test import Suggestion, suggest
from ..store.files import private_folder
from ..store.runs import MODULE, RunFolder, RunRecord, home
from . import launch, process


@dataclass(frozen=True)
class Tested:
    """Rates that were tried and the losses after them; `flags`: option -> its ratio to the rate that was tried."""

    rates: list[float]
    losses: list[float]
    flags: dict[str, float]
    diverged: bool
    suggestion: Suggestion
    notices: list[str]


def find_rate(options: TrainOptions) -> Tested:
    """Test the learning rates of a training with these options. Raises FmError as that training would."""
    with _scene(options) as (record, folder):
        answer = _asked(record.model_dump(mode="json"), folder)
    found = suggest(answer["rates"], answer["losses"])
    return Tested(answer["rates"], answer["losses"], answer["flags"], answer["diverged"], found, record.notices)


@contextmanager
def _scene(options: TrainOptions) -> Iterator[tuple[RunRecord, Path]]:
    """Make a run's folder where no list of runs looks, two levels below the store as the stage wants it; remove it after."""
    record, packed = launch.draft(options)
    place = private_folder(home() / "rate-tests")
    scene = place / f"{record.id}-run"
    try:
        os.rename(RunFolder.create(record, place / record.id, packed).path, scene)
        if packed:
            record = record.model_copy(update={"model_folder": str(scene / MODULE)})
        yield record, scene
    finally:
        for name in (record.id, scene.name):
            shutil.rmtree(place / name, ignore_errors=True)


def _asked(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    worker = process.take()
    try:
        return worker.ask({"verb": "find_rate", "record": record, "folder": str(folder)})
    except KeyboardInterrupt:
        worker.process.kill()
        raise
    finally:
        worker.close()  # its memory has seen a training; what comes next gets a fresh one
        process.warm_up()
