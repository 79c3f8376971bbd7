"""Starting and ending model servers: processes of their own, which outlive the kernel."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from ..core.errors import FmError
from ..kit.exporting import handed
from ..store import lease
from ..store.services import SETTINGS, STATE, ServiceFolder
from . import serve_on_ray

#: What the extra `serve` brings.
NEEDED = ("fastapi", "uvicorn", "prometheus_client", "tokenizers")
#: Seconds that a server may take until its model has computed once, and between two looks.
STARTING, LOOK = 120.0, 0.05
#: Seconds that it may take to answer what it has accepted, and to end.
ENDING = 40.0
_started: list[subprocess.Popen[bytes]] = []


def check(on: str = "") -> None:
    """Raise FmError when the packages of a server are not installed, or it cannot go to where it is asked to run."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise FmError(f"Serving needs {', '.join(missing)}.", 'pip install "fmtools[serve]"')
    if on:
        serve_on_ray.check(on)


def start(service: ServiceFolder, files: Mapping[str, bytes] | None = None) -> None:
    """Start a server and return when its model has computed once. Raises FmError with its last words when it fails.

    files: those of an encrypted model, which the server gets through an inherited descriptor.
    """
    for old in (service.path / STATE, *service.path.glob("lease-*.json")):
        old.unlink(missing_ok=True)
    memory = None if files is None else handed.write(files)
    with _closing(memory), service.log.open("ab") as log:
        os.chmod(service.log, 0o600)
        process = subprocess.Popen(
            _command(service),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(memory),
            pass_fds=() if memory is None else (memory,),
            start_new_session=True,  # a kernel's restart ends its process group; the server goes on
        )
    _started[:] = [other for other in _started if other.poll() is None]
    _started.append(process)
    try:
        lease.claim(service.path, process.pid)
        _await(service, process)
    except BaseException:
        process.terminate()
        raise


def _command(service: ServiceFolder) -> list[str]:
    """Return what starts a server's supervisor."""
    settings = str(service.path / SETTINGS)
    if service.settings.get("on"):
        return [sys.executable, "-m", serve_on_ray.MODULE, settings]
    return [sys.executable, "-m", "fmtools.serving", "--settings", settings]


@contextlib.contextmanager
def _closing(memory: int | None) -> Iterator[None]:
    """Close this process's hold of a model in memory: it lives as long as the server does."""
    try:
        yield
    finally:
        if memory is not None:
            os.close(memory)


def _environment(memory: int | None) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name not in (handed.VARIABLE, "FMTOOLS_KEY")}
    found["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    return found if memory is None else {**found, handed.VARIABLE: str(memory)}


def _await(service: ServiceFolder, process: subprocess.Popen[bytes]) -> None:
    patience = serve_on_ray.STARTING if service.settings.get("on") else STARTING
    end = time.monotonic() + patience
    while time.monotonic() < end:
        state = service.state
        if state["status"] == "running":
            return
        if process.poll() is not None:
            raise FmError(f"The model cannot be served: {_reason(service)}", f"{service.log} has the details.")
        time.sleep(LOOK)
    raise FmError(f"The server was not ready within {patience:.0f} s.", f"{service.log} has the details.")


def _reason(service: ServiceFolder) -> str:
    said = str(service.state.get("message") or "")
    if said:
        return said
    lines = service.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it ended without a word."


def stop(service: ServiceFolder) -> bool:
    """Ask a server to end and wait until it has; return whether there was one. What is left after that is killed."""
    if not service.end():
        return False
    end = time.monotonic() + (serve_on_ray.ENDING if service.settings.get("on") else ENDING)
    while service.alive() and time.monotonic() < end:
        _reap()
        time.sleep(LOOK)
    lease.tell(service.path, signal.SIGKILL)
    return True


def stay(service: ServiceFolder) -> int:
    """Wait until a server that this process has started ends; hand SIGINT and SIGTERM on to it. Return its exit status."""
    holder, _ = lease.newest(service.path)
    process = next((one for one in _started if holder is not None and one.pid == holder.pid), None)
    if process is None:
        return 1

    def hand_on(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hand_on)
    return process.wait()


def _reap() -> None:
    _started[:] = [one for one in _started if one.poll() is None]


@atexit.register
def _let_go() -> None:
    for process in _started:
        if process.poll() is None:
            process.returncode = 0  # it goes on without us; Popen would warn of that


def taken_in(service: ServiceFolder, patience: float = 60.0) -> None:
    """Wait until every worker of a running server has done what its settings say now. Raises FmError when one refuses."""
    wanted = (service.path / SETTINGS).stat().st_mtime_ns
    end = time.monotonic() + patience
    while time.monotonic() < end and service.alive():
        state = service.state
        if state.get("refused", 0) >= wanted:
            raise FmError(
                f"The server did not take the model in: {state['message']}", "The model it had goes on answering."
            )
        if state.get("taken", 0) >= wanted:
            return
        time.sleep(LOOK)
    raise FmError("The server has not taken the model in.", f"{service.log} has the details.")
