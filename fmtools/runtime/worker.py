"""The worker process: `python -m fmtools.runtime.worker`. Loads the heavy libraries, then does what it is told.

Jobs come as JSON lines on standard input, answers go as JSON lines to what was standard output; whatever libraries print
goes to standard error. A training job makes the worker independent of its parent: it goes on when the kernel is gone.
Without a job it leaves when its parent does, or after IDLE seconds.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.events import ErrorEvent

IDLE = 600.0


def main() -> int:
    """Serve jobs until standard input ends, the time is up, or a training run is over."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _without_collecting():
        _preload()
    _reply(replies, {"ready": True})
    fresh = True
    while (job := _next_job()) is not None:
        if job["verb"] == "train":
            return _train(job, fresh)
        fresh = False
        _reply(replies, _answer(job))
    return 0


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Import without looking for garbage, and never look at what was imported: a fifth of a worker's start, and 0.2 s
    of each full collection later on."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _preload() -> None:
    """Import what every job needs, so that it is there when the first one comes."""
    from ..kit.machine import spinning

    spinning.settle()  # before torch, which reads it once
    import sklearn.metrics
    import torch
    import transformers.models.bert.modeling_bert

    from ..kit.models import encoders
    from ..kit.scoring import metrics
    from ..kit.training import batches, durable, narrator
    from ..stages import predict, train

    del sklearn, torch, transformers, batches, durable, encoders, metrics, narrator, predict, train


def _next_job() -> dict[str, Any] | None:
    ready, _, _ = select.select([sys.stdin], [], [], IDLE)
    line = sys.stdin.readline() if ready else ""
    return json.loads(line) if line.strip() else None


def _reply(replies: Any, message: dict[str, Any]) -> None:
    # Whoever asked may be gone (`fmtools train --background` returns at once); the job in the pipe is done anyway.
    with contextlib.suppress(BrokenPipeError):
        replies.write(json.dumps(message) + "\n")
        replies.flush()


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    from ..core.errors import FmError, out_of_memory
    from ..stages import (
        augment,
        code,
        compare,
        export,
        find_rate,
        forecast,
        knowledge,
        predict,
        protect,
        quantize,
        student,
        suspects,
        train,
        wrap,
    )

    verbs: dict[str, Callable[..., dict[str, Any]]] = {
        "predict": predict.predict,
        "evaluate": predict.evaluate,
        "attention": predict.attention,
        "baseline": predict.baseline,
        "hardware": predict.hardware,
        "find_personal": protect.find,
        "translate": augment.translate,
        "embed": augment.embed,
        "vectors": knowledge.vectors,
        "judge": suspects.judge,
        "entities": suspects.entities,
        "significance": compare.significance,
        "code": code.code,
        "export": export.export,
        "wrap": wrap.wrap,
        "student": student.student,
        "quantize": partial(quantize.quantize, export.opened),
        "forecast": partial(forecast.forecast, train.train),
        "find_rate": partial(find_rate.find_rate, train.train),
    }
    try:
        return {"result": verbs[job.pop("verb")](**job)}
    except FmError as error:
        return {"error": {"cause": error.cause, "cure": error.cure}}
    except Exception as error:
        advice = out_of_memory(error)
        return {"error": {"cause": advice[0], "cure": advice[1]} if advice else {"traceback": traceback.format_exc()}}


def _train(job: dict[str, Any], fresh: bool) -> int:
    """Work on one run; the exit status is 0 for done and stopped, 143 after SIGTERM, 1 for a failure."""
    from ..core.options import TrainOptions
    from ..store.runs import RunFolder
    from . import leash

    folder = Path(job["run"])
    log = os.open(folder / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(job["cwd"])
    if job.get("leash"):
        leash.hold()
    options = TrainOptions.parse(RunFolder(folder).record.options)
    options.processes = job["processes"] or options.processes
    if options.on:
        from . import on_ray

        return on_ray.run(folder, int(job["attempt"]), job["obeyed"], options)
    if options.processes > 1:
        from . import many

        return many.run(folder, int(job["attempt"]), job["obeyed"], options.processes, fresh=fresh)
    return run(folder, int(job["attempt"]), obeyed=job["obeyed"], on_signal=True)


def run(folder: Path, attempt: int, *, obeyed: Iterable[str] = (), on_signal: bool = False, on_emit: Any = None) -> int:
    """Train a run under a lease that is already claimed, and leave the true status in its log."""
    from ..core.events import Control
    from ..stages.train import train
    from ..store.runs import RunFolder
    from .context import open_context
    from .memory_watch import MemoryWatch, ends_worker, stops_run

    terminated: list[bool] = []
    with open_context(folder, attempt, obeyed, on_emit) as context:
        if on_signal:

            def on_term(*_: Any) -> None:
                terminated.append(True)
                context.ask(Control(action="stop", by="SIGTERM"))

            signal.signal(signal.SIGTERM, on_term)
        record = RunFolder(folder).record
        end = ends_worker(context) if on_signal else stops_run(context)
        with MemoryWatch(record.options, end, own=on_signal) as watch:
            try:
                ended = train(context, record)
            except Exception as error:
                _fail(context, watch.worded(error))
                return 1
        context.emit(ended)
    return 143 if terminated else 0


def _fail(context: Any, error: Exception) -> None:
    from ..core.events import StatusEvent

    event = worded(error)
    context.emit(event)
    context.emit(StatusEvent(status="failed", message=event.cause))
    traceback.print_exception(error)


def worded(error: Exception) -> ErrorEvent:
    """Say an error that is being handled so that a user can act on it."""
    from ..core.errors import FmError, from_os_error, out_of_memory
    from ..core.events import ErrorEvent

    advice = out_of_memory(error)
    if isinstance(error, FmError):
        return ErrorEvent(cause=error.cause, cure=error.cure)
    if advice:
        return ErrorEvent(cause=advice[0], cure=advice[1], traceback=traceback.format_exc())
    if isinstance(error, OSError) and error.errno:
        refused = from_os_error(error, "work on the run")
        return ErrorEvent(cause=refused.cause, cure=refused.cure, traceback=traceback.format_exc())
    text = (str(error).strip().splitlines() or [""])[0][:300]
    return ErrorEvent(
        cause=f"The training stopped on an error: {type(error).__name__}: {text}",
        cure="worker.log in the run folder has the details; %fm_resume goes on from the last checkpoint.",
        traceback=traceback.format_exc(),
    )


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is flushed and closed; tearing torch down takes a second that a waiting cell would feel.
    os._exit(status)
