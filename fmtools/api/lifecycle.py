"""The verbs that make, follow and steer runs."""

from __future__ import annotations

import time

from ..core.errors import FmError
from ..core.events import ENDED
from ..core.options import AttachOptions, PauseOptions, ResumeOptions, ShowOptions, StopOptions, TrainOptions
from ..runtime import launch
from ..runtime.settle import settle
from ..runtime.wait import Follower, wait
from ..store.checkpoints import Checkpoints
from ..store.runs import RunFolder, find_run
from . import find_rate, forecast
from .find_rate import RateTest
from .forecast import Forecast
from .run import Run
from .shown_run import ShownRun
from .steer import extension, refuse_done

#: Seconds that a worker may take to close its files after its last record.
LEAVING = 10.0


def train(options: TrainOptions, follower: Follower) -> Run | Forecast | RateTest:
    """Check, make the run, train; with `background` return once its worker has it. A dry run only says what it would cost."""
    if options.find_lr:
        return find_rate.of(options)
    options, said = settle(options)
    if options.dry_run:
        return forecast.of(options, said=said)
    folder = launch.prepare(options, said)
    if options.inline:
        follower.start(folder.path)
        launch.start_inline(folder, follower.tick)
        follower.end()
        return Run(folder)
    return _work(folder, follower, options.background)


def _work(
    folder: RunFolder,
    follower: Follower,
    background: bool,
    longer: float | None = None,
    processes: int | None = None,
    rate: float | None = None,
) -> Run:
    launch.start(folder, longer, processes, rate)
    follower.start(folder.path)
    if background:
        follower.end()
    else:
        wait(folder, follower)
        launch.warm_up_next()
    return Run(folder)


def resume(options: ResumeOptions, follower: Follower) -> Run:
    """Go on with a run that has ended; a paused one is let go on."""
    run = Run(find_run(options.run))
    head = run.head
    if head.status == "paused":
        if options.epochs is not None:
            _lengthen_paused(run, extension(options.epochs, run))
        if options.learning_rate is not None:
            run.set_learning_rate(options.learning_rate)
        run.control("resume")
        return attach(AttachOptions(run=run.id, wait=not options.background), follower)
    if head.status in ENDED:
        _let_leave(run, head.attempt)
    elif head.alive:
        raise FmError(f"Run {run.name} is {head.status}: there is nothing to resume.", "%fm_attach shows it.")
    if head.status == "done" and options.epochs is None:
        raise refuse_done(run)
    if options.learning_rate is not None:
        _check_begun(run)
    longer = None if options.epochs is None else extension(options.epochs, run)
    folder = find_run(run.id)
    return _work(folder, follower, options.background, longer, options.processes, options.learning_rate)


def _check_begun(run: Run) -> None:
    """A rate is set beside the schedule's rate at a checkpoint; before the first one a new run is the honest way."""
    if not Checkpoints(run.path).steps():
        raise FmError(
            f"Run {run.name} has no checkpoint to go on from.", "Train it anew with the --learning-rate you want."
        )


def _lengthen_paused(run: Run, epochs: float) -> None:
    if epochs <= 0:
        raise FmError(f"Run {run.name} is paused: it can be made longer, not shorter.", "%fm_stop ends it.")
    run.extend(epochs)


def _let_leave(run: Run, attempt: int) -> None:
    """Wait for the worker that has said its last word and is about to exit; not for one that has taken the run since."""
    deadline = time.monotonic() + LEAVING
    folder = RunFolder(run.path)
    while folder.alive() and folder.attempt() == attempt and time.monotonic() < deadline:
        time.sleep(0.02)


def attach(options: AttachOptions, follower: Follower) -> Run:
    """Show an existing run once, or follow it to its end."""
    folder = find_run(options.run)
    follower.start(folder.path)
    if options.wait:
        wait(folder, follower)
    else:
        follower.end()
    return Run(folder)


def show(options: ShowOptions, follower: Follower) -> Run:
    """Return an existing run, which as text says all that is known of it."""
    del follower
    return ShownRun(find_run(options.run))


def pause(options: PauseOptions, follower: Follower) -> Run:
    """Ask the worker to pause, or to go on; returns at once."""
    del follower
    run = Run(find_run(options.run))
    run.control("resume" if options.off else "pause")
    return run


def stop(options: StopOptions, follower: Follower) -> Run:
    """Ask the worker to stop, and return when it has: its model is then there to use."""
    run = Run(find_run(options.run))
    run.control("stop")
    return run.wait(follower)
