"""The process that stays: it holds the listening socket, starts workers, and starts another one for each that dies.

While a worker is replaced, new connections wait at the socket: nobody is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import handed
from .meters_folder import SHARED, forget
from .samples import Keeping
from .settings import Settings

#: Seconds between two looks; longest wait before another worker is started; deaths before the first readiness that end it all.
LOOK, LONGEST_WAIT, HOPELESS = 0.1, 15.0, 3
#: A second is added to what workers take to drain, then they are killed.
SPARE = 3.0


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    began: float = field(default_factory=time.monotonic)
    ready: bool = False
    taken: int = 0


class Supervisor:
    """Serves what a settings file says, until it is told to end. `tell` is called once, when the first worker is ready.

    `state` is what others may know. taken: the settings file (its time of change, ns) that all workers have done; refused:
    the last one that some worker could not do, with the reason in `message`.
    """

    def __init__(self, source: Path, tell: Callable[[dict[str, Any]], None]) -> None:
        self.source, self.tell = source, tell
        self.settings = Settings.read(source)
        self.listener = _listen(self.settings.host, self.settings.port)
        self.port = int(self.listener.getsockname()[1])
        self.state: dict[str, Any] = {
            "status": "starting",
            "pid": os.getpid(),
            "port": self.port,
            "url": url(self.settings.host, self.port),
            "restarts": 0,
            "message": "",
            "model": {},
            "taken": 0,
            "refused": 0,
            "began": time.time(),
        }
        self._workers: list[_Worker | None] = [None] * self.settings.workers
        self._ending, self._deaths, self._not_before = False, 0, 0.0
        self._meters = tempfile.mkdtemp(prefix="fmtools-meters-")
        self._sample = Keeping(source, self.settings.keep_sample > 0 and not self.settings.sealed)
        self._written: dict[str, Any] = {}

    def run(self) -> int:
        """Watch over the workers; return 0 after an orderly end, 1 when the model cannot be served."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            while not self._ending:
                self._look()
                time.sleep(LOOK)
            failed = self.state["status"] == "failed"
            self._stop()
            self._note("failed" if failed else "stopped")
            return int(failed)
        finally:
            shutil.rmtree(self._meters, ignore_errors=True)

    def _end(self, *_: object) -> None:
        self._ending = True

    def _look(self) -> None:
        self._sample.look()
        for place, worker in enumerate(self._workers):
            if worker is not None and worker.process.poll() is not None:
                self._buried(place, worker)
            if self._workers[place] is None and time.monotonic() >= self._not_before and not self._ending:
                self._workers[place] = self._start()
        if self.settings.parent and os.getppid() != self.settings.parent:
            self._ending = True
        self._note(self.state["status"])

    def _buried(self, place: int, worker: _Worker) -> None:
        """Note a death; a worker that never was ready dies for a reason that another one would die for too."""
        self._workers[place] = None
        forget(self._meters, worker.process.pid)
        self._deaths = 0 if worker.ready else self._deaths + 1
        self._not_before = time.monotonic() + min(LONGEST_WAIT, 0.5 * (2**self._deaths - 1))
        if self.state["status"] == "starting" and (self.state["message"] or self._deaths >= HOPELESS):
            self.state["message"] = self.state["message"] or "The server's process dies while it starts."
            self.state["status"], self._ending = "failed", True
            return
        self.state["restarts"] += 1

    def _start(self) -> _Worker:
        package = __package__ or "serving"
        early = ["early"] if self.state["status"] == "starting" else []
        process = subprocess.Popen(
            [sys.executable, "-m", f"{package}.worker", str(self.source), str(self.listener.fileno()), *early],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(
                self.listener.fileno(),
                *self._sample.descriptors,
                *([memory] if (memory := handed.descriptor()) is not None else []),
            ),
            env={**os.environ, **self._sample.environment, SHARED: self._meters},
        )
        worker = _Worker(process)
        threading.Thread(target=self._listen_to, args=(worker,), daemon=True).start()
        return worker

    def _listen_to(self, worker: _Worker) -> None:
        """Take in what a worker says, a line of JSON each."""
        assert worker.process.stdout is not None
        for line in worker.process.stdout:
            try:
                news = json.loads(line)
            except ValueError:
                continue
            if news.get("ready"):
                self._ready(worker, news)
            else:
                self.state["message"] = str(news.get("failed") or news.get("refused") or "")
                self.state["refused"] = news["stamp"]

    def _ready(self, worker: _Worker, news: dict[str, Any]) -> None:
        first, worker.ready, worker.taken = self.state["status"] == "starting", True, news["stamp"]
        self.state.update(message="", model=news["model"])
        if first:
            self.state["status"] = "running"
            self._note("running")
            self.tell(self.state)

    def _stop(self) -> None:
        """Let every worker drain; then take back what is left."""
        left = [worker.process for worker in self._workers if worker is not None]
        for process in left:
            process.send_signal(signal.SIGTERM)
        self.listener.close()
        end = time.monotonic() + self.settings.drain + SPARE
        while any(process.poll() is None for process in left) and time.monotonic() < end:
            self._note("stopping")
            time.sleep(0.02)
        for process in left:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._sample.end()

    def _note(self, status: str) -> None:
        """Write how it stands, where somebody wants to know; touch the sign of life."""
        self.state["status"] = status
        self.state["workers"] = [
            {"pid": worker.process.pid, "ready": worker.ready} for worker in self._workers if worker is not None
        ]
        self.state["taken"] = min((worker.taken for worker in self._workers if worker is not None), default=0)
        if self.settings.beat and os.path.exists(self.settings.beat):
            os.utime(self.settings.beat)
        if self.settings.state and self.state != self._written:
            self._written = dict(self.state)
            path = Path(self.settings.state)
            temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}-{threading.get_ident()}")
            temporary.write_text(json.dumps(self._written), encoding="utf-8")
            os.chmod(temporary, 0o600)
            os.replace(temporary, path)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def url(host: str, port: int) -> str:
    """Return where a server is reached from this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"
