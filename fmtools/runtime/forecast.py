"""What a run will cost, asked from the kernel: a worker rehearses it once, and what it found is kept for the next question.

A slider that moves asks again and again with another batch size or length: those are answered from the facts, without the
worker. What changes the work itself (task, model, data, method, precision ...) is rehearsed anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.options import TrainOptions
from ..core.tasks import task_name
from ..kit.cost.advice import Forecast, advice, basis
from ..kit.cost.model import Facts, estimate
from ..kit.machine.rss import room
from ..kit.machine.usage import free_disk
from ..store.files import private_folder
from ..store.runs import MODULE, RunFolder, home
from . import launch, own_module, process

__all__ = ["Forecast", "advice", "basis", "forecast"]

#: Options that are answered from known facts, and options that cost nothing.
QUICK = frozenset({
    "batch_size", "epochs", "max_length", "gradient_accumulation", "max_steps", "learning_rate", "head_learning_rate",
    "momentum", "adam_beta2", "weight_decay", "warmup", "schedule", "min_learning_rate", "max_grad_norm", "label_smoothing",
    "eval_steps", "patience", "metric", "keep", "watch_every", "sample_every", "dry_run", "fit", "time", "find_lr",
    "auto_batch", "compile", "memory_limit", "follow", "from_", "save_minutes", "name", "background", "inline", "data",
    "processes", "on",
})  # fmt: skip
KEPT = 8
#: Seconds after which a rehearsal that lies there is nobody's.
LEFT = 6 * 3600.0


@dataclass(frozen=True)
class _Known:
    data: Any
    mark: Any
    facts: Facts
    notices: tuple[str, ...]


_lock = threading.Lock()
_known: OrderedDict[str, _Known] = OrderedDict()


def forecast(options: TrainOptions, fresh: bool = False) -> Forecast:
    """Return what a training with these options will cost; `fresh` rehearses also what is known. Raises FmError."""
    filled = _filled(options)
    key, mark = _key(filled), _mark(filled.data)
    with _lock:
        found = _known.get(key)
    if found is None or fresh or found.mark != mark or (not isinstance(mark, str) and found.data is not filled.data):
        found = _Known(filled.data, mark, *measured(options))
        with _lock:
            _known[key] = found
            _known.move_to_end(key)
            while len(_known) > KEPT:
                _known.popitem(last=False)
    return _of(filled, found.facts, found.notices)


def _of(options: TrainOptions, facts: Facts, notices: tuple[str, ...]) -> Forecast:
    free = facts.card_bytes or room().free  # what others hold of a card is not known here
    return Forecast(estimate(facts, options), facts, options, free, free_disk(home()), notices)


def _filled(options: TrainOptions) -> TrainOptions:
    """Return the options with the task's defaults, as a run would have them."""
    routed, _ = own_module.route(options)
    task: Task = registry.get("tasks", task_name(routed.task))
    filled = routed.with_defaults({**task.defaults(routed), "task": task.name})
    filled.task = task.name
    return filled


def _key(options: TrainOptions) -> str:
    values = {name: value for name, value in options if name not in QUICK} | {"tight": bool(options.fit)}
    model = values.pop("model")
    return repr((model if isinstance(model, str) else id(model), sorted(values.items(), key=lambda item: item[0])))


def _mark(data: Any) -> Any:
    """Return what changes when the data do: a file's time and size, an object itself."""
    if not isinstance(data, str):
        return id(data), len(data) if hasattr(data, "__len__") else 0
    try:
        state = os.stat(data)
        return data, state.st_mtime_ns, state.st_size
    except (OSError, ValueError):
        return data


def measured(options: TrainOptions) -> tuple[Facts, tuple[str, ...]]:
    """Let a fresh worker rehearse the run; return the facts and what was said of the data. No run is left behind."""
    record, packed = launch.draft(options)
    place = private_folder(home() / "forecasts")
    _sweep(place)
    folder = RunFolder.create(record, place / record.id, packed).path
    try:
        # The stage finds the store two levels above the run's folder.
        scene = place / f"{record.id}-run"
        os.rename(folder, scene)
        if packed:
            record = record.model_copy(update={"model_folder": str(scene / MODULE)})
        return Facts.of(_rehearsed(record.model_dump(mode="json"), scene)), tuple(record.notices)
    finally:
        for name in (record.id, f"{record.id}-run"):
            shutil.rmtree(place / name, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what rehearsals of killed kernels have left."""
    for path in place.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT:
                shutil.rmtree(path, ignore_errors=True)


def _rehearsed(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    worker = process.take(fresh=True)
    try:
        return worker.ask({"verb": "forecast", "record": record, "folder": str(folder)})
    except KeyboardInterrupt:
        worker.process.kill()
        raise
    finally:
        worker.close()  # its memory has seen a training: the next question deserves a fresh one
