"""From options to a run at work: check data and model first, then make the run's folder, then hand it to a worker."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import PLAIN, Dataset, Prepared, Reading, Task
from ..core.errors import DataError, FmError, ModelError, OptionError, from_os_error
from ..core.options import BaselineOptions, PredictOptions, ReadsData, TrainOptions
from ..core.tasks import task_name
from ..kit.models import scratch
from ..kit.recipes.copies import fit_to_train
from ..stages import data, models
from ..store import controls, datasets, lease, steering
from ..store.files import discard, private_folder
from ..store.runs import MODULE, RunFolder, RunRecord, find_run, home, new_run_id
from . import environment, follow, many, own_module, process, repeat

REPORTED = (
    "fmtools", "torch", "transformers", "accelerate", "tokenizers", "safetensors", "peft", "trl", "sentence-transformers",
    "pyarrow", "numpy", "scikit-learn",
)  # fmt: skip


def prepare(options: TrainOptions, said: Sequence[str] = ()) -> RunFolder:
    """Check everything a user can get wrong, store the prepared data, and make the run's folder; `said`: more notices.

    Raises FmError before anything is written when data, columns, labels or model cannot be used.
    """
    record, packed = draft(options)
    record.notices[:0] = said
    return RunFolder.create(record, home(), packed)


def draft(options: TrainOptions) -> tuple[RunRecord, bytes]:
    """Check the options and store the prepared data; return the record of a run to be, and its own module, packed."""
    options, again = repeat.fill(options)
    if options.teacher:
        options.teacher = find_run(options.teacher).id  # `last` may be another one tomorrow
    follow.check(options.follow)
    module = again.module() if again and isinstance(options.model, str) else b""
    options, routed = (options, []) if module else own_module.route(options)
    task: Task = registry.get("tasks", task_name(options.task))
    asked, options = options, options.with_defaults({**task.defaults(options), "task": task.name})
    options.task = task.name
    said_of_processes = many.check(options)
    folder = base_folder(options)
    dataset, prepared = again.rows() if again and again.kept else _rows(task, asked, options)
    packed = module or own_module.pack(options)
    now = environment.seen(folder, asked.data)
    root = private_folder_checked(home())
    run_id = new_run_id()
    said = options.data if isinstance(options.data, str) else dataset.name
    record = RunRecord(
        id=run_id,
        name=options.name or f"{options.model.rstrip('/').split('/')[-1]}-{dataset.name}-{run_id[-4:].lower()}",
        task=options.task,
        model=options.model,
        data=datasets.label_of(dataset.version, root) or said,
        data_version=dataset.version,
        created=time.time(),
        command=options.command,
        options={**options.model_dump(exclude={"data", "background", "inline"}), "data": said},
        model_folder=str(root / "runs" / run_id / MODULE) if packed else folder,
        dataset=again.record.dataset if again and again.kept else datasets.keep(prepared, dataset.name, root),
        meta={"origin": dataset.origin, "licence": dataset.licence, "rows": dataset.rows},
        notices=[
            *(again.said(versions(), now) if again else []),
            *routed,
            *said_of_processes,
            *dataset.notices,
            *prepared.notices,
            *follow.said(options.follow, RunFolder(root / "runs" / run_id)),
        ],
        versions=versions(),
        environment=again.environment(now) if again else now,
    )
    return record, packed


def _rows(task: Task, asked: TrainOptions, options: TrainOptions) -> tuple[Dataset, Prepared]:
    """Read the data and prepare them for the task; `asked` says what the user typed, `options` what the task made of it."""
    dataset = load(asked.data, asked)
    return dataset, task.prepare(fit_to_train(dataset, options.validation, options.seed), options)


def base_folder(options: TrainOptions) -> str:
    """Return the folder of the model to begin with; "" for an architecture that is made from scratch. Raises ModelError."""
    if options.task == "custom":
        return ""  # the module itself travels with the run
    if options.from_scratch and options.model in scratch.FAMILIES:
        family = scratch.FAMILIES[options.model]
        if options.task not in family.tasks:
            fits = [name for name, other in scratch.FAMILIES.items() if options.task in other.tasks]
            raise ModelError(
                f"The architecture {options.model!r} does not learn {options.task}.", f"These do: {', '.join(fits)}."
            )
        if options.width % options.heads and options.model != "lstm":
            raise OptionError(
                f"--width {options.width} cannot be divided among {options.heads} heads.",
                "Make it a multiple of --heads.",
            )
        return ""
    if options.model in scratch.FAMILIES:
        raise ModelError(
            f"{options.model!r} is an architecture without weights.", "Add --from-scratch, or name a pretrained model."
        )
    return models.resolve(options.model)


def load(reference: Any, options: ReadsData | None = None) -> Dataset:
    """Load data from a file, a name, a name of the store (NAME or NAME@VERSION) or a notebook variable. Raises DataError."""
    reading = Reading(**options.reading) if options is not None else PLAIN
    try:
        return data.load(reference, lambda name: datasets.find(name, home()), reading)
    except DataError as error:
        guess = datasets.nearest_name(reference, home()) if error.cause.startswith("There is no data set") else None
        if guess is None:
            raise
        raise DataError(error.cause, f"Did you mean {guess}?") from None


def baseline(options: BaselineOptions) -> dict[str, Any]:
    """Score the baseline on the rows that a training with the same data options would use."""
    task: Task = registry.get("tasks", task_name(options.task))
    plain = TrainOptions(**{**options.model_dump(exclude_unset=True), "task": task.name})
    plain = plain.with_defaults(task.defaults(plain))
    folder = base_folder(plain)
    dataset = load(options.data, options)
    prepared = task.prepare(fit_to_train(dataset, plain.validation, plain.seed), plain)
    root = private_folder_checked(home())
    split = "test" if "test" in prepared.splits else "validation"
    answer = ask(
        "baseline",
        task=task.name,
        folder=folder,
        reference=datasets.keep(prepared, dataset.name, root),
        root=str(root),
        split=split,
    )
    return {**answer, "notices": [*dataset.notices, *prepared.notices]}


def inputs(options: PredictOptions, record: RunRecord) -> list[dict[str, Any]]:
    """Return what a run shall predict, typed or from data; see Task.inputs."""
    task: Task = registry.get("tasks", record.task)
    dataset = load(options.data, options) if options.data is not None else None
    return task.inputs(options, dataset, meta_of(record))


def resolve(model: str) -> str:
    """Return a model's folder. Raises ModelError."""
    return models.resolve(model)


def meta_of(record: RunRecord) -> dict[str, Any]:
    """Return what a run's task needs to know of its data: labels, columns."""
    return datasets.load(record.dataset, home())[1]


def private_folder_checked(root: Path) -> Path:
    """Make the store's folder, or say in one sentence why it cannot be."""
    try:
        return private_folder(root)
    except OSError as error:
        raise from_os_error(error, "make the run store") from None


def versions() -> dict[str, str]:
    """Return the versions that decide what a run computes, without importing the libraries."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in REPORTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def start(
    run: RunFolder,
    longer: float | None = None,
    processes: int | None = None,
    rate: float | None = None,
    *,
    obeyed: list[str] | None = None,
    leash: bool = False,
) -> process.Worker:
    """Hand a run to a worker process, `longer` by so many epochs. The lease is claimed for the worker before it hears of it.

    `rate`: the learning rate from the checkpoint on. `processes`: how many train together in this attempt, where that is not what the run was made with.

    Control records that are there already were meant for an earlier attempt (`obeyed`, where that was decided before);
    what comes from here on is for this one. `leash`: the worker stops and saves when this process ends.
    Raises StoreError when another process works on the run.
    """
    if processes is not None:
        many.check(TrainOptions.parse({**run.record.options, "processes": processes}))
    obeyed = controls.names(run.path) if obeyed is None else obeyed
    worker = process.take()
    try:
        attempt = lease.claim(run.path, worker.pid).attempt
    except FmError:
        process.put_back(worker)
        if lease.newest(run.path)[0] is None:
            discard(run.path)  # a new run that nobody could begin
        raise
    if longer is not None or rate is not None:
        _change(run, longer, rate, worker, attempt)
    told = {"attempt": attempt, "cwd": os.getcwd(), "obeyed": obeyed, "processes": processes, "leash": leash}
    worker.send({"verb": "train", "run": str(run.path), **told})
    follow.start_all(run)
    return worker


def _change(run: RunFolder, longer: float | None, rate: float | None, worker: process.Worker, attempt: int) -> None:
    """Write into run.json that the run is longer, or goes on with another rate; only who holds the lease may."""
    try:
        if rate is not None:
            steering.set_rate(run, rate)
        if longer is not None:
            steering.lengthen(run, longer)
    except OSError as error:
        lease.release(run.path, attempt)
        process.put_back(worker)
        raise from_os_error(error, "change the run") from None


def start_inline(run: RunFolder, on_emit: Callable[[], None]) -> None:
    """Work on a run in this process; returns when it has ended."""
    from .worker import run as work

    obeyed = controls.names(run.path)
    attempt = lease.claim(run.path).attempt
    follow.start_all(run)
    try:
        work(run.path, attempt, obeyed=obeyed, on_emit=on_emit)
    finally:
        with contextlib.suppress(OSError):
            lease.release(run.path, attempt)  # this process lives on, and would seem to work on the run for ever


def ask(verb: str, **job: Any) -> dict[str, Any]:
    """Ask a warm worker: predict, evaluate or attention (see stages.predict)."""
    return process.ask({"verb": verb, **job})


def warm_up_next() -> None:
    """Start the next standby worker, now that no run needs the processor."""
    process.warm_up()
