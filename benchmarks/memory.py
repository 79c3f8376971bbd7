"""Peak memory of JupyterLab's server, kernel and worker together while a notebook runs from top to bottom."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_core.paths import jupyter_runtime_dir

from . import tiny
from .figures import Aim, Figure
from .kernel import finish
from .settings import ROOT, Settings, scratch

NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
LIMIT_MB = 2000.0
TOKEN = "benchmark"
LOOK = 0.2


def run(settings: Settings) -> list[Figure]:
    """Run the notebook in a kernel that a real JupyterLab server has started, and add up all their memory meanwhile."""
    peaks, rss, parts = [], [], []
    for _ in range(settings.repeats(3, 1)):
        with scratch() as folder:
            cells = _cells(settings, folder)
            with _server(folder) as (process, url), _Watch(process) as watch:
                _run_cells(url, cells)
            peaks.append(watch.peak / 1e6)
            rss.append(watch.rss / 1e6)
            parts.append({name: value / 1e6 for name, value in watch.parts.items()})
    said = ", ".join(f"{name} {value:.0f}" for name, value in parts[0].items())
    return [
        Figure("peak of all processes together (PSS)", peaks, "MB", Aim("<=", LIMIT_MB), note=f"at the peak: {said}"),
        Figure("  of the 2 GB that Binder gives", [p / LIMIT_MB for p in peaks], ""),
        Figure("  the same with shared pages counted in each (RSS)", rss, "MB"),
    ]


def _cells(settings: Settings, folder: Path) -> list[str]:
    path = settings.notebook or NOTEBOOK
    if settings.quick and settings.notebook is None:
        data = tiny.write_csv(folder / "rows.csv")
        return [
            "%load_ext fmtools",
            f"%fm_data {data}",
            f"run = %fm_train --data {data} --max-steps 4",
            "%fm_predict last --text 'on'",
        ]
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Start JupyterLab without a browser; give its process and its address."""
    words = [
        "--no-browser",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
    ]
    words += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = folder / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *words], stdout=said, stderr=said, cwd=folder)
    try:
        yield psutil.Process(server.pid), _address(server.pid, log)
    finally:
        server.terminate()
        server.wait(30)


def _address(pid: int, log: Path, seconds: float = 60.0) -> str:
    """Return the server's address, which it writes down when it is ready."""
    note, until = Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json", time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError):
            url: str = json.loads(note.read_text())["url"]
            _ask(url + "api/status")
            return url
        time.sleep(0.1)
    raise TimeoutError(f"JupyterLab did not start: {log.read_text()[-1000:]}")


def _ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def _run_cells(url: str, cells: list[str]) -> None:
    """Run cells in a kernel of the server. Raises CellError."""
    kernel = _ask(url + "api/kernels", {"name": "python3"})["id"]
    client = BlockingKernelClient(connection_file=str(Path(jupyter_runtime_dir()) / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        for cell in cells:
            finish(client, client.execute(cell))
    finally:
        client.stop_channels()


class _Watch:
    """Adds up the memory of a process and of all its children, a few times a second, and keeps the highest sums."""

    def __init__(self, process: psutil.Process) -> None:
        self.peak = self.rss = 0.0
        self.parts: dict[str, float] = {}
        self._process, self._over = process, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            parts, rss = _sizes(self._process)
            self.rss = max(self.rss, rss)
            if sum(parts.values()) > self.peak:
                self.peak, self.parts = sum(parts.values()), parts


def _sizes(server: psutil.Process) -> tuple[dict[str, float], float]:
    """Return ({kind: PSS in bytes}, the sum of RSS in bytes) of a server and of everything below it."""
    parts, rss = {"server": 0.0, "kernel": 0.0, "workers": 0.0}, 0.0
    for process in [server, *server.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            memory, words = process.memory_full_info(), " ".join(process.cmdline())
            kind = "workers" if "fmtools.runtime.worker" in words else "kernel" if "ipykernel" in words else "server"
            parts[kind] += memory.pss
            rss += memory.rss
    return parts, rss
