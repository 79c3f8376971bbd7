"""From options to a search at work: check everything first, then make its folder, then start its driver."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import math
import os
import signal
import subprocess
import sys
import time
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.errors import FmError, OptionError
from ..core.events import Control
from ..core.goals import check_goals, lower_is_better
from ..core.options import TrainOptions, TuneOptions
from ..core.options.space import Dimension, default_space, read_space
from ..core.quantities import time_seconds
from ..core.search import Goal, SearchRecord
from ..core.tasks import task_name
from ..store import controls, datasets, lease
from ..store.files import discard, new_id
from ..store.runs import home
from ..store.searches import SearchFolder
from . import launch, on_ray, own_module
from .process import QUIET, TUNED
from .search_study import grid
from .wait import Follower, follow

#: Evaluations a trial has at least, where a pruner has to judge by them.
EVALUATIONS = 4
_drivers: list[subprocess.Popen[bytes]] = []


def prepare(options: TuneOptions) -> SearchFolder:
    """Check everything a user can get wrong, store the prepared data once for all trials, and make the search's folder.

    Raises FmError before anything is written.
    """
    record, module = draft(options)
    return SearchFolder.create(record, home(), module)


def draft(options: TuneOptions) -> tuple[SearchRecord, bytes]:
    """Return the record of a search to be, and a user's own module, packed."""
    told = options.told()
    plain, filled, task = _filled(options)
    goals = options.goals or [options.metric or task.main_metric]
    check_goals(task.name, goals)
    space = read_space(options.space) or default_space(filled)
    _check(options, goals, space, plain)
    run, module = launch.draft(plain)
    rows = datasets.load(run.dataset, home())[0]["train"].num_rows
    run.meta["search_rows"] = rows
    search_id = new_id()
    keeps = filled.keep == "best" or bool(filled.patience)
    if keeps and options.goals and "metric" not in told:
        told["metric"] = goals[0]
    fixed_grid = grid(space) if options.sampler == "grid" else []
    wanted = options.trials if not fixed_grid or "trials" in options.model_fields_set else len(fixed_grid)
    record = SearchRecord(
        id=search_id,
        name=options.name or f"search-{search_id[-4:].lower()}",
        created=time.time(),
        command=options.command,
        told={**told, "task": run.task, **({"model": run.model} if "model" in told or module else {})},
        names=options.variables,
        template=run.model_dump(mode="json"),
        defaults={d.name: run.options[d.name] for d in space},
        packed=bool(module),
        space=space,
        goals=[Goal(name=name, lower=lower_is_better(name)) for name in goals],
        metric=(told.get("metric") or task.main_metric) if keeps else "",
        sampler=options.sampler,
        pruner=options.pruner if len(goals) == 1 else "none",
        weights=options.weights,
        seed=options.seed,
        trials=min(wanted, len(fixed_grid)) if fixed_grid else wanted,
        seconds=time_seconds(options.time) if options.time else None,
        jobs=options.jobs,
        on=options.on,
        eval_share=EVALUATIONS if options.pruner != "none" and len(goals) == 1 else 0,
        rungs=_rungs(filled, space),
        notices=_notices(options, space, fixed_grid),
    )
    return record, module


def _filled(options: TuneOptions) -> tuple[TrainOptions, TrainOptions, Task]:
    """Return (the options of a training as the user gave them, the same with the task's defaults, the task)."""
    plain = TrainOptions.parse({**options.told(), "data": options.data})
    routed, _ = own_module.route(plain)
    task: Task = registry.get("tasks", task_name(routed.task))
    filled = routed.with_defaults({**task.defaults(routed), "task": task.name})
    filled.task = task.name
    return plain, filled, task


def space_of(options: TuneOptions) -> list[Dimension]:
    """Return where a search with these options would look. Raises OptionError."""
    return read_space(options.space) or default_space(_filled(options)[1])


def _check(options: TuneOptions, goals: list[str], space: list[Dimension], plain: TrainOptions) -> None:
    on_ray.check(options)
    if not space:
        raise OptionError("There is nothing to search: every option has its value.", "Name some with --space.")
    if len(goals) > 1 and options.pruner != "none" and "pruner" in options.model_fields_set:
        raise OptionError(
            f"--pruner {options.pruner} cannot tell a bad trial by two goals.", "Leave it out, or keep one --goal."
        )
    if options.sampler == "cmaes" and importlib.util.find_spec("cmaes") is None:
        raise OptionError("--sampler cmaes needs the package cmaes.", "pip install cmaes; or use --sampler tpe.")
    if options.sampler == "cmaes" and len(goals) > 1:
        raise OptionError("--sampler cmaes takes one goal.", "Use --sampler nsgaii, or keep one --goal.")
    for dimension in space:
        if dimension.name == "model":  # a model that is not here is said now, not by a failed trial
            for model in dimension.choices:
                launch.base_folder(plain.model_copy(update={"model": model}))


def _rungs(options: TrainOptions, space: list[Dimension]) -> int:
    """Return into how many equal parts a trial's progress is divided: only reports of equal parts are compared."""
    if options.eval_steps or any(dimension.name in ("epochs", "max_steps") for dimension in space):
        return 2 * EVALUATIONS
    return max(EVALUATIONS, math.ceil(options.epochs)) if options.epochs >= EVALUATIONS - 1 else EVALUATIONS


def _notices(options: TuneOptions, space: list[Dimension], points: list[dict[str, Any]]) -> list[str]:
    said = [] if options.space else [f"Searched, as nothing was said: {', '.join(d.name for d in space)} (--space)."]
    if points and "trials" in options.model_fields_set and options.trials < len(points):
        said.append(f"The grid has {len(points)} points; the first {options.trials} are tried.")
    if options.on:
        place = "a Ray cluster made for the search" if options.on == "ray" else f"the Ray cluster at {options.on}"
        said.append(f"Trials run on {place}.")
    elif options.jobs > cores():
        said.append(f"{options.jobs} trials at the same time share {cores()} cores.")
    return said


def renew(folder: SearchFolder, options: TuneOptions) -> None:
    """Note what a resume asks for: more trials, more time. Raises FmError when there is nothing left to do."""
    state, given = folder.state, options.model_fields_set
    if folder.alive():
        raise FmError(f"The search {folder.record.name} is at work.", "%fm_attach follows it.")
    if "trials" in given:
        state.wanted = options.trials
    if "on" in given:
        on_ray.check(options)
        state.on = options.on
    if options.time:
        state.seconds = state.elapsed + time_seconds(options.time)
    if state.status == "done" and state.counted("done", "pruned", "failed") >= state.wanted:
        raise FmError(
            f"The search {folder.record.name} is done: {state.wanted} trials.", "Ask for more with --trials, or --time."
        )
    state.status, state.message, state.cause, state.cure = "queued", "", "", ""
    folder.save(state)


def start(folder: SearchFolder) -> None:
    """Start a driver in a process of its own, which outlives this one. Raises StoreError when one is at work."""
    obeyed = controls.names(folder.path)
    jobs = folder.record.jobs
    threads = {"OMP_NUM_THREADS": str(max(1, cores() // jobs))} if jobs > 1 else {}
    with (folder.path / "driver.log").open("ab") as log:
        driver = subprocess.Popen(
            [sys.executable, "-m", "fmtools.runtime.search_main", str(folder.path), *obeyed],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={
                **TUNED,
                **threads,
                **os.environ,
                **QUIET,
                "FMTOOLS_HOME": str(home()),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
            start_new_session=True,  # a kernel restart kills the kernel's process group; the search must survive it
        )
    _drivers[:] = [one for one in _drivers if one.poll() is None] + [driver]
    try:
        lease.claim(folder.path, driver.pid)
    except FmError:
        driver.kill()
        if lease.newest(folder.path)[0] is None:
            discard(folder.path)
        raise


@atexit.register
def _let_go() -> None:
    for driver in _drivers:
        if driver.poll() is None:
            driver.returncode = 0  # it goes on without us; Popen would warn of that


def cores() -> int:
    """Return the processor's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def wait(folder: SearchFolder, follower: Follower) -> None:
    """Return when the search has ended. The first interrupt stops and saves its trials, the second ends it at once."""

    def obey(interrupts: int) -> None:
        if interrupts == 1:
            stop(folder)
        else:
            _kill(folder)

    follow(lambda: not folder.alive(), obey, follower)


def stop(folder: SearchFolder) -> None:
    """Ask the driver to stop: its trials are saved, and a resume goes on with them."""
    controls.add(folder.path, Control(action="stop", by="interrupt"))


def _kill(folder: SearchFolder) -> None:
    holder, _ = lease.newest(folder.path)
    if holder is not None and holder.host == lease.host_key() and folder.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)
