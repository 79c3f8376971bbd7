"""predict, evaluate and attention: questions to a trained model, answered with plain JSON."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.errors import ModelError
from ..core.options import PredictOptions
from ..store import datasets
from ..store.files import fault_in


@lru_cache(maxsize=2)
def _loaded(task: str, folder: str, stamp: int) -> Any:
    """Load a model once; `stamp` changes when the folder is replaced."""
    del stamp
    fault = fault_in(Path(folder))
    if fault:
        raise ModelError(
            f"The model in {folder} is damaged: {fault}.", "Resume the run from its checkpoint (%fm_resume)."
        )
    return registry.get("tasks", task).load(Path(folder))


def _model(task: str, folder: str) -> Any:
    return _loaded(task, folder, Path(folder).stat().st_mtime_ns)


def predict(
    task: str, folder: str, inputs: list[dict[str, Any]], options: dict[str, Any], written: str = ""
) -> dict[str, Any]:
    """Return {"predictions": [...]}, one an input, in order. `options`: those of the verb, as plain JSON.

    written: the folder of an exported model that answers in the place of the run's own; so for `evaluate`.
    """
    if not inputs:
        return {"predictions": []}
    plugin: Task = registry.get("tasks", task)
    with _answering(task, folder, written) as loaded:
        return {"predictions": plugin.predict(loaded, inputs, PredictOptions.parse(options))}


@contextlib.contextmanager
def _answering(task: str, folder: str, written: str) -> Iterator[Any]:
    """Return the loaded model, the forward of which a written one has taken over for a while."""
    loaded = _model(task, folder)
    if not written:
        yield loaded
        return
    from ..kit.exporting import standing_in

    place = Path(written)
    if fault := fault_in(place):
        raise ModelError(f"The model in {written} is damaged: {fault}.", "Export it again (%fm_export).")
    with standing_in.answered(task, loaded, place, place.stat().st_mtime_ns):
        yield loaded


def evaluate(
    task: str, folder: str, reference: str, root: str, split: str, batch_size: int, written: str = ""
) -> dict[str, Any]:
    """Score a model on one split of stored data; return metrics, report, confusion and the number of rows."""
    from ..kit.scoring.details import texts_of

    plugin: Task = registry.get("tasks", task)
    splits, meta = datasets.load(reference, Path(root))
    with _answering(task, folder, written) as loaded:
        outputs, truth = plugin.outputs(loaded, splits[split], batch_size)
    scores = plugin.score(outputs, truth, {**meta, **texts_of(splits[split])})
    return {**scores, "rows": splits[split].num_rows, "split": split}


def attention(task: str, folder: str, text: str, trained: bool) -> dict[str, Any]:
    """Return {"tokens", "layers", "heads", "data"}: data is base64 of uint8 [layers, heads, n, n], 255 = 1.0.

    `trained`: the folder is a run's model; else it is a base model, looked at as it came.
    """
    plugin: Task = registry.get("tasks", task)
    loaded = _model(task, folder) if trained else _base(folder, Path(folder).stat().st_mtime_ns)
    tokens, weights = plugin.attention(loaded, text)
    data = base64.b64encode((weights * 255.0 + 0.5).astype("uint8").tobytes()).decode()
    return {"tokens": tokens, "layers": int(weights.shape[0]), "heads": int(weights.shape[1]), "data": data}


@lru_cache(maxsize=1)
def _base(folder: str, stamp: int) -> Any:
    from ..kit.models import encoders

    del stamp
    return encoders.load_base(folder), encoders.load_tokenizer(folder)


def baseline(task: str, folder: str, reference: str, root: str, split: str) -> dict[str, Any]:
    """Score what needs no training; see Task.baseline."""
    plugin: Task = registry.get("tasks", task)
    splits, meta = datasets.load(reference, Path(root))
    found = plugin.baseline(folder, splits, meta, split)
    return {**found, "rows": splits[split].num_rows, "split": split}


def hardware() -> dict[str, Any]:
    """Return what a worker computes on: torch's version, the device, threads, and whether bfloat16 is native."""
    import torch

    from ..kit.machine.precision import native_bf16

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {"torch": torch.__version__, "device": device, "threads": torch.get_num_threads(), "bf16": native_bf16()}
