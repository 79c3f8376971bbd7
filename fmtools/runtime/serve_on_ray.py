"""The supervisor of a server on Ray: `python -m fmtools.runtime.serve_on_ray SETTINGS`, in the place of serving's own.

It keeps the same record (state.json, lease, log), so that all who list, ask, stop or restart servers know no difference. With
`--on ray` the cluster is its own, on the loopback interface, and ends with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..core.errors import FmError, OptionError, WorkerError
from ..store.files import write_json
from ..store.services import STATE, ServiceFolder
from . import on_ray

MODULE = "fmtools.runtime.serve_on_ray"
#: Seconds that all of it may take to start, and to end; between two looks at the server; that the cluster may take to answer one.
STARTING, ENDING, LOOK, ANSWER = 420.0, 120.0, 0.5, 60.0
#: Seconds without the application on the cluster, or without the cluster, after which the server counts as taken away.
GONE = 60.0
#: Where Ray Serve listens on a cluster of others, when no port is asked for.
USUAL_PORT = 8000
#: What a cluster of our own is told. Ray's usual niceness of 15 is meant for batches of work, not for answers that somebody waits
#: for; ports that Ray Serve would open beside its proxy stay shut.
ENVIRONMENT = {
    "RAY_worker_niceness": "0",
    "SERVE_SOCKET_REUSE_PORT_ENABLED": "1",
    "RAY_SERVE_ENABLE_HA_PROXY": "0",
    "RAY_SERVE_ENABLE_DIRECT_INGRESS": "0",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "0",
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "0",
    "RAY_SERVE_PROXY_USE_GRPC": "0",
}
EXTRA = 'pip install "fmtools[serve,ray-serve]"'


def check(on: str) -> None:
    """Raise FmError when a server cannot go to Ray: something is not installed, the address is none, the cluster is open."""
    if missing := _missing():
        raise OptionError(f"--on ray needs {', '.join(missing)} to serve.", f"{EXTRA} brings it.")
    on_ray.check_address(on, "Leave it out to serve without Ray.")


def _missing() -> list[str]:
    """Return the packages of Ray Serve that are not installed."""
    if find_spec("ray") is None:
        return ["ray"]
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires("ray") or []]
    names = {one.name for one in wanted if one.marker and one.marker.evaluate({"extra": "serve"})}
    return sorted(name for name in names if not _installed(name))


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


class Supervisor:
    """Serves what a service's settings say, on Ray, until it is told to end."""

    def __init__(self, service: ServiceFolder) -> None:
        self.service, self.settings = service, service.settings
        self.own = self.settings["on"] == "ray"
        self.ending, self._seen, self._met = False, set[str](), time.monotonic()
        self.state: dict[str, Any] = {
            "status": "starting",
            "pid": os.getpid(),
            "port": 0,
            "url": "",
            "restarts": 0,
            "message": "",
            "model": {},
            "taken": 0,
            "refused": 0,
            "began": time.time(),
            "workers": [],
            "on": self.settings["on"],
        }
        self._written: dict[str, Any] = {}

    def run(self) -> int:
        """Return 0 after an orderly end, 1 when the model cannot be served."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._note("starting")
        shutil.rmtree(self.service.path / "meters", ignore_errors=True)
        try:
            with self._port(), on_ray.cluster(self.settings["on"], 1):
                signal.signal(signal.SIGINT, self._end)
                failed = self._serve()
        except FmError as error:
            failed = self._fail(str(error))
        except Exception as error:
            failed = self._fail(_first(error))
        self._note("failed" if failed else "stopped")
        return int(failed)

    def _end(self, *_: object) -> None:
        self.ending = True

    def _fail(self, message: str) -> bool:
        """Note why it does not go on; an end that was asked for is no failure."""
        if not self.ending:
            self.state["message"] = message
        return not self.ending

    @contextlib.contextmanager
    def _port(self) -> Iterator[None]:
        """Keep the port of a server here for it: nobody else gets it while Ray starts, or starts its proxy anew."""
        if not self.own:
            self.state["port"] = self.settings["port"] or USUAL_PORT
            yield
            return
        host = self.settings["host"]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family) as first:
                first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                first.bind((host, self.settings["port"]))  # fails where somebody listens
                self.state["port"] = first.getsockname()[1]
        except OSError as error:
            raise WorkerError(f"The server cannot listen there: {error.strerror}.", "Give another --port.") from None
        with socket.socket(family) as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind((host, self.state["port"]))
            yield

    def _serve(self) -> bool:
        """Deploy, watch, drain; return whether it failed."""
        from ..kit.exporting.replicas import Desk

        desk = _Desk(Desk, self.service, self.own)
        try:
            place = desk("open", int(self.state["port"]), patience=STARTING, unless=lambda: self.ending)
            if place is None:
                return False
            self.state["url"] = self._url(place)
            self.state["port"] = place["port"]
            failed = self._watch(desk)
            if not failed:
                self._note("stopping")
                desk("drain", patience=float(self.settings.get("drain", 30.0)) + 10.0)
            return failed
        finally:
            if not self.own:  # a cluster of our own ends now
                with contextlib.suppress(Exception):
                    desk("close")

    def _url(self, place: dict[str, Any]) -> str:
        """Return where the server is reached from this machine."""
        host = str(place["host"])
        if not self.own and host not in ("127.0.0.1", "localhost", "::1"):
            host = self.settings["on"].removeprefix("ray://").rpartition(":")[0]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host.strip("[]") else host)
        return f"http://{host}:{place['port']}{place['prefix']}"

    def _watch(self, desk: _Desk) -> bool:
        """Look after the server until it is to end; return whether it failed."""
        until = time.monotonic() + STARTING
        while not self.ending:
            found = self._found(desk)
            if found["status"] == "failed":
                return self._fail(found["message"])
            if found["status"] != "gone":
                self._met = time.monotonic()
            elif time.monotonic() - self._met > GONE:
                return self._fail(found["message"] or "Somebody took the server away from the Ray cluster.")
            self._take(found)
            if self.state["status"] == "starting":
                if self._ready(found):
                    self.state["message"] = ""
                    self.state["status"] = "running"
                elif time.monotonic() > until:
                    return self._fail(found["message"] or f"The server was not ready within {STARTING:.0f} s.")
            parent = self.settings.get("parent", 0)
            if parent and os.getppid() != parent:
                self.ending = True
            self._note(self.state["status"])
            time.sleep(LOOK)
        return False

    def _found(self, desk: _Desk) -> dict[str, Any]:
        """Return how the server stands; a cluster that does not answer may do so again."""
        try:
            found: dict[str, Any] = desk("stands")
        except Exception as error:
            return {"status": "gone", "message": f"The Ray cluster does not answer: {_first(error)}", "replicas": []}
        return found

    def _take(self, found: dict[str, Any]) -> None:
        """Take in what the replicas say of themselves."""
        replicas = found["replicas"]
        if not replicas:
            return
        names = {one["who"] for one in replicas}
        self.state["restarts"] += len(self._seen - names)
        self._seen = names
        self.state["workers"] = [{"pid": one["pid"], "ready": one["ready"]} for one in replicas]
        self.state["taken"] = min(one["taken"] for one in replicas)
        newest = max(replicas, key=lambda one: int(one["taken"]))
        refusing = max(replicas, key=lambda one: int(one["refused"]))
        self.state.update(model=newest["model"], refused=refusing["refused"], message=refusing["message"])

    def _ready(self, found: dict[str, Any]) -> bool:
        """Say whether the first replica has computed, and its answers get through to here."""
        if found["status"] != "running" or not found["replicas"]:
            return False
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.state['url']}/readyz", timeout=5.0) as answer:
                return bool(answer.status == 200)
        except OSError as error:
            self.state["message"] = f"Nothing answers at {self.state['url']} yet ({error})."
            return False

    def _note(self, status: str) -> None:
        """Write how it stands; touch the sign of life."""
        self.state["status"] = status
        beat = self.settings.get("beat", "")
        if beat and os.path.exists(beat):
            os.utime(beat)
        if self.state != self._written:
            self._written = dict(self.state)
            write_json(self.service.path / STATE, self._written)


class _Desk:
    """The server's desk, here or, on a cluster of others, there."""

    def __init__(self, kind: Any, service: ServiceFolder, own: bool) -> None:
        source, name = str(service.path / "settings.json"), f"{_plain(service.record.name)}-{service.id[-8:].lower()}"
        self._there: Any = None
        if own:
            self._here = kind(source, name, True)
        else:
            import ray

            self._there = ray.remote(kind).options(num_cpus=0).remote(source, name, False)

    def __call__(
        self, method: str, *words: Any, patience: float = ANSWER, unless: Callable[[], bool] = lambda: False
    ) -> Any:
        """Return what it answers; None when it is no longer waited for. Raises what Ray raises, WorkerError without answer."""
        if self._there is None:
            return getattr(self._here, method)(*words)
        import ray

        asked, end = getattr(self._there, method).remote(*words), time.monotonic() + patience
        while not ray.wait([asked], timeout=LOOK)[0]:
            if unless():
                return None
            if time.monotonic() > end:
                raise WorkerError(f"The Ray cluster did not answer within {patience:.0f} s.", "")
        return ray.get(asked)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)[:40]


def _first(error: Exception) -> str:
    error = getattr(error, "cause", None) or error  # what happened on the cluster, without the way it took to here
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def main() -> int:
    """Serve until told to end."""
    os.environ.update(ENVIRONMENT)
    return Supervisor(ServiceFolder(Path(sys.argv[1]).parent)).run()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # Ray's threads must not hold the end up
