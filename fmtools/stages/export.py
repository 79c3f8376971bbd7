"""export: write a trained model in another format, and give it a name only when it answers like the original."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.errors import FmError, ModelError, out_of_memory
from ..core.exporting import CARD, Exporter, Finisher, Subject
from ..store import artifacts, datasets
from ..store.files import fault_in
from ..store.runs import RunRecord

#: The same rows are compared every time.
SEED = 42
#: Rows that are compared where nobody said: texts that are written take as many calls as tokens.
ROWS, ROWS_WRITTEN = 256, 16
WRITING = ("text-generation", "preference-tuning", "translation", "summarization")
#: Seconds that an exporter may take.
LIMIT = 3600.0


def export(
    record: dict[str, Any],
    path: str,
    root: str,
    to: str,
    name: str,
    rows: int | None,
    max_diff: float | None,
    training: dict[str, Any],
) -> dict[str, Any]:
    """Write artifacts/`name` of a run in the format `to`; return its card, with "path" and "size_bytes".

    rows: how many held-out rows it is compared on; a number that suits the task when not given. training: what the run says of itself, for a model card. Nothing is
    left under the name when the written model cannot be opened in a fresh process, or differs.
    """
    from ..kit.exporting import fresh, gate, machine_paths
    from ..kit.machine import deadline
    from ..kit.training.durable import disk_refusal

    run, asked = Path(path), RunRecord.model_validate(record)
    exporter: Exporter = registry.get("exporters", to)
    began = time.perf_counter()
    task, loaded, every, meta = opened(run, asked, Path(root), rows or ROWS)
    held = every if rows or asked.task not in WRITING else _some(every, ROWS_WRITTEN)
    subject = _subject(task, loaded, every, meta, asked, run, training)
    card: dict[str, Any] = {}

    def save(folder: Path) -> None:
        with deadline.within(LIMIT, f"The {to} exporter"), _worded(to, disk_refusal):
            found = exporter.export(subject, folder)
        card.update(machine_paths.cleaned(_card(subject, exporter, asked, found)))
        machine_paths.clean(folder)
        _write(folder, card)
        with fresh.opened(to, folder) as runner:
            compared = gate.compare(task, loaded, subject, runner, held, meta)
        gate.refuse_if_apart(compared, max_diff or exporter.tolerance)
        gate.refuse_other_texts(compared)
        card.update(
            metrics=compared.metrics,
            metrics_of_original=compared.metrics_of_original,
            max_abs_diff=compared.max_abs_diff,
            rows=compared.rows,
        )
        _write(folder, card)
        if isinstance(exporter, Finisher):
            exporter.finish(folder, card)

    size = artifacts.write(run, name, save, {"run": asked.id, "format": exporter.format}, disk_refusal)
    return {**card, "path": str(run / "artifacts" / name), "size_bytes": size, "seconds": time.perf_counter() - began}


@contextlib.contextmanager
def _worded(to: str, refusal_of: Any) -> Iterator[None]:
    """Say a converter's own error in a sentence; a full disk and a full memory have words of their own."""
    try:
        yield
    except Exception as error:
        if isinstance(error, FmError) or refusal_of(error) or out_of_memory(error):
            raise
        first = (str(error).strip().splitlines() or [""])[0][:300]
        raise ModelError(
            f"The {to} exporter failed: {type(error).__name__}: {first}", "Nothing was kept. Choose another format."
        ) from error


def opened(run: Path, record: RunRecord, root: Path, rows: int) -> tuple[Task, Any, Any, dict[str, Any]]:
    """Return (task, loaded model, at most `rows` held-out rows, meta) of a run.

    Raises ModelError when the model's files are not those that the run wrote.
    """
    task: Task = registry.get("tasks", record.task)
    model = run / "artifacts" / "model"
    if fault := fault_in(model):
        raise ModelError(f"The model of run {record.name} is damaged: {fault}.", "Resume the run (%fm_resume).")
    splits, meta = datasets.load(record.dataset, root)
    held = splits["test" if "test" in splits else "validation"]
    return task, task.load(model), _some(held, rows), meta


def _some(held: Any, rows: int) -> Any:
    """Return at most so many rows of an Arrow table, spread over it: files are often sorted by label."""
    import numpy as np

    if held.num_rows <= rows:
        return held
    return held.take(np.sort(np.random.default_rng(SEED).choice(held.num_rows, rows, replace=False)))


def _subject(
    task: Task, loaded: Any, held: Any, meta: dict[str, Any], record: RunRecord, run: Path, training: dict[str, Any]
) -> Subject:
    from ..kit.drift import reference as drift_reference
    from ..kit.exporting import export_facts, machine_paths, recorded

    subject = recorded.record(task, loaded, held, run / "artifacts" / "model")
    seen = drift_reference.of(task, loaded, held, meta)
    subject.facts = {**export_facts.of(loaded, meta), "name": record.name, "run": record.id, **seen}
    subject.training = machine_paths.cleaned(training)
    return subject


def _card(subject: Subject, exporter: Exporter, record: RunRecord, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "format": exporter.format,
        "exporter": exporter.name,
        "task": record.task,
        "method": "",
        "inputs": _axes(subject, "inputs"),
        "outputs": _axes(subject, "outputs"),
        "functions": {part.part: {"inputs": part.inputs, "outputs": part.outputs} for part in subject.functions},
        "data": record.data,
        **subject.facts,
        **found,
    }


def _axes(subject: Subject, kind: str) -> dict[str, list[str]]:
    """Return the axes of every input or output, of all functions; see docs/export.md."""
    return {name: part.axes[name] for part in subject.functions for name in getattr(part, kind)}


def _write(folder: Path, card: dict[str, Any]) -> None:
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
