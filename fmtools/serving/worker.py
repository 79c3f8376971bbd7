"""A worker: `python -m fmtools.serving.worker SETTINGS FD [early]`, started by the supervisor with the listening socket.

On SIGTERM it refuses what is new, answers what it has accepted, and ends. It tells the supervisor by lines of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from .app import build
from .keeper import Keeper
from .settings import Settings

#: Seconds that an idle connection is kept; connections that wait to be taken.
KEEP_ALIVE, BACKLOG = 30, 2048


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `_serve`: the server drains before it closes connections."""
        yield


def say(news: dict[str, Any]) -> None:
    """Tell the supervisor; one that is gone is not told."""
    with contextlib.suppress(OSError):
        print(json.dumps(news), flush=True)


async def _serve(source: Path, listener: socket.socket, early: bool) -> int:
    """Serve to the end. `early`: say what is asked about health while the model is being loaded; a worker that replaces
    another one answers nobody before it can."""
    loop, leave, parent = asyncio.get_running_loop(), asyncio.Event(), os.getppid()
    settings = Settings.read(source)
    keeper = Keeper(settings, source, say)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave.set)
    server = _Server(
        uvicorn.Config(
            build(keeper),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            backlog=BACKLOG,
            timeout_graceful_shutdown=int(settings.drain) + 1,
        )
    )
    serving = asyncio.create_task(server.serve([listener])) if early else None
    if not await keeper.start():
        leave.set()
    serving = serving or asyncio.create_task(server.serve([listener]))
    watching = asyncio.create_task(keeper.watch(leave.set, lambda: os.getppid() != parent))
    await leave.wait()
    await keeper.drain()
    watching.cancel()
    server.should_exit = True
    await serving
    return 0 if keeper.model is not None else 1


def main() -> int:
    """Serve until told to leave; return 1 when the model could not be loaded."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    listener = socket.socket(fileno=int(sys.argv[2]))
    runner = asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory())
    with runner:
        code = runner.run(_serve(Path(sys.argv[1]), listener, sys.argv[3:] == ["early"]))
    os._exit(code)  # threads that still compute for nobody must not hold the end up


if __name__ == "__main__":
    sys.exit(main())
