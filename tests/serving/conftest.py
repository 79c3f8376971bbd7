"""A real server in processes of its own, over a tiny real classifier."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmtools.serving.settings import Settings
from support import until


@dataclass
class Server:
    """A server that runs: `http` asks it with its token, `state` is what its supervisor says."""

    process: subprocess.Popen[bytes]
    folder: Path
    http: httpx.Client

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text()

    def predict(self, text: Any, **more: Any) -> httpx.Response:
        return self.http.post("/predict", json={"text": text, **more})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server: start(folder, queue=4, workers=2); `ready=False` returns before its model is loaded."""
    running: list[Server] = []

    def begin(model: Path, ready: bool = True, **options: Any) -> Server:
        folder = tmp_path / f"server-{len(running)}"
        folder.mkdir()
        (folder / "token").write_text("a-token-of-the-test")
        known = {"token_file": str(folder / "token"), "state": str(folder / "state.json")}
        Settings(str(model), **{**known, **options}).write(folder / "settings.json")
        command = [sys.executable, "-m", "fmtools.serving", "--settings", str(folder / "settings.json")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        states = ("running", "failed") if ready else ("starting", "running", "failed")
        server = Server(process, folder, httpx.Client())
        running.append(server)

        def stands() -> bool:
            with contextlib.suppress(OSError, ValueError):
                return server.state["status"] in states
            assert process.poll() is None, (folder / "log").read_text()
            return False

        until(stands)
        heads = {"Authorization": f"Bearer {server.token}"}
        server.http = httpx.Client(base_url=server.state["url"], headers=heads, timeout=60, trust_env=False)
        return server

    yield begin
    for server in running:
        server.http.close()
        if server.process.poll() is None:
            server.process.terminate()
        server.process.wait(30)
