"""Worker processes seen from the kernel: one standby, warmed up while the user types, handed to the next job."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any

from ..core.errors import FmError, WorkerError

#: Defaults that the user's environment overrides; a worker adds how long its threads wait awake (kit.machine.spinning). Batches of
#: ever new lengths fragment glibc's heap once its threshold for mapping has grown with them: 60 steps of lengths up to 256
#: held 2.6 GB. A fixed threshold of 4 MB gives large blocks back (2.2 GB), and a step of short texts takes 0.091 s instead of
#: 0.099 s; with 1 MB it was 1.2 GB and 0.097 s.
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4194304", "MALLOC_TRIM_THRESHOLD_": "268435456"}
#: Workers are offline: a hub model is fetched before they start, and they report to nobody.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "PYTHONUNBUFFERED": "1",
}


class Worker:
    """One worker process. `ask` sends a question and waits; `train` hands it a run and lets it go."""

    def __init__(self) -> None:
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the worker
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fmtools.runtime.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**TUNED, **os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # a kernel restart kills the kernel's process group; the run must survive it
        )
        self.pid = self.process.pid
        self._ready = False
        #: Whether it has answered a question: it then holds models and libraries that a training does not need.
        self.used = False

    def usable(self) -> bool:
        return self.process.poll() is None

    def send(self, job: dict[str, Any]) -> None:
        """Hand the worker a job. Raises WorkerError when it is gone."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise self.gone() from None

    def receive(self) -> dict[str, Any]:
        """Return its next message. Raises WorkerError when it died instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self.gone()
        message: dict[str, Any] = json.loads(line)
        return message

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question. Raises the FmError that the stage raised."""
        if not self._ready:
            self._ready = bool(self.receive().get("ready"))
        self.used = True
        self.send(job)
        answer = self.receive()
        if "result" in answer:
            result: dict[str, Any] = answer["result"]
            return result
        error = answer["error"]
        if "traceback" in error:
            raise RuntimeError("The worker failed:\n" + error["traceback"])
        raise FmError(error["cause"], error.get("cure", ""))

    def gone(self) -> WorkerError:
        """Word the death of the worker, with the last thing it printed."""
        code = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        why = "it was killed, perhaps for want of memory" if code == -9 else f"exit status {code}"
        last = f" Its last words: {lines[-1][:300]}" if lines else ""
        return WorkerError(f"The worker process ended before it answered ({why}).{last}", "Run the cell again.")

    def close(self) -> None:
        """Close our ends of its pipes: an idle worker leaves then, one at work on a run goes on."""
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


_lock = threading.Lock()
_standby: Worker | None = None
_sent: list[Worker] = []


def warm_up() -> None:
    """Start a standby worker if there is none. Called at the first magic, not when the extension is loaded."""
    global _standby
    with _lock:
        _reap()
        if _standby is None or not _standby.usable():
            if _standby is not None:
                _standby.close()
            _standby = Worker()


def _reap() -> None:
    """Let go of workers that have ended, and of our ends of their pipes."""
    for worker in [worker for worker in _sent if not worker.usable()]:
        worker.close()
        _sent.remove(worker)


def take(fresh: bool = False) -> Worker:
    """Return the standby worker, which is no longer the standby; start one when there is none.

    fresh: one that has answered nothing yet, whose memory is that of its libraries; a used one is let go.
    """
    global _standby
    warm_up()
    with _lock:
        if fresh and _standby is not None and _standby.used:
            _standby.close()
            _sent.append(_standby)  # it leaves, and is reaped later
            _standby = Worker()
        worker, _standby = _standby, None
        assert worker is not None
        _sent.append(worker)
        return worker


def put_back(worker: Worker) -> None:
    """Make a worker that was taken, and told nothing, the standby again."""
    global _standby
    with _lock:
        if _standby is None or not _standby.usable():
            _sent.remove(worker)
            _standby = worker
        else:
            worker.close()  # it leaves, and is reaped later


def ask(job: dict[str, Any]) -> dict[str, Any]:
    """Ask the standby worker, which stays warm for the next question; an interrupt ends it and nothing else."""
    global _standby
    warm_up()
    worker = _standby
    assert worker is not None
    try:
        return worker.ask(job)
    except KeyboardInterrupt:
        worker.process.kill()
        _standby = None
        _sent.append(worker)  # to be reaped
        raise


@atexit.register
def _leave() -> None:
    _reap()
    if _standby is not None:
        _standby.process.kill()  # it has nothing to lose
        _standby.process.wait()
    for worker in (*_sent, _standby):
        if worker is not None:
            worker.close()
