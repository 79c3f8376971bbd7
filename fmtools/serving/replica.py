"""A replica of a server on Ray Serve: the application of a worker (see worker), in an actor of Ray.

Ray Serve starts replicas, puts another one in the place of one that dies, and hands requests to the less busy ones. Everything
a request meets - token, limits, queue, deadline - is the same as in a worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from .cores import cores
from .meters_folder import SHARED
from .problems import BadArtifact
from .settings import Settings

#: Seconds without a word of the supervisor after which replicas on a cluster of others take themselves away.
ORPHANED = 60.0
#: Under which name, and in which form, a proxy hands on the id of a request.
ID_HEADER, ID = b"x-request-id", re.compile(r"[\w-]{8,64}")
#: As in guard, which must not be imported before prometheus_client's folder is known.
NUMBER = "fmtools.number"


class Replica:
    """What Ray Serve builds in each replica. source: the settings file; meters: the folder that replicas count into; log: the
    file for faults; alone: Ray has set processors apart for this replica, which it shares with no other.
    """

    async def __init__(self, source: str, meters: str, log: str, alone: bool) -> None:  # type: ignore[misc]
        _close_side_door()
        self.who = _count_in(meters)
        _log_to(log)
        from .keeper import Keeper  # only now: prometheus_client looks for its folder when it is imported

        class Here(Keeper):
            async def _take(self, settings: Settings) -> None:
                own = max(1, cores() // settings.threads)
                await super()._take(replace(settings, workers=own) if alone else settings)

        self._news: dict[str, Any] = {"taken": 0, "refused": 0, "message": "", "model": {}}
        self._asked, self._alone = time.monotonic(), alone
        self.keeper = Here(Settings.read(Path(source)), Path(source), self._say)
        if not await self.keeper.start():
            raise BadArtifact(self._news["message"])
        self._watching = asyncio.create_task(self.keeper.watch(self._leave, self._orphaned))

    def __serve_build_asgi_app__(self) -> Any:
        """Return the application; called by Ray Serve after the constructor."""
        from .app import build

        return _Mounted(build(self.keeper))

    def _say(self, news: dict[str, Any]) -> None:
        if news.get("ready"):
            self._news.update(taken=news["stamp"], message="", model=news["model"])
        else:
            self._news.update(refused=news["stamp"], message=str(news.get("failed") or news.get("refused") or ""))

    async def stands(self) -> dict[str, Any]:
        """Say how this replica stands; whoever asks is its supervisor, which lives."""
        self._asked = time.monotonic()
        return {"pid": os.getpid(), "who": self.who, "ready": self.keeper.ready, **self._news}

    async def drain(self) -> int:
        """Refuse what is new, and return when what was accepted is answered; the number of requests that are left then."""
        await self.keeper.drain()
        return self.keeper.inflight

    async def check_health(self) -> None:
        """Raise when this replica does not look after its model any more; Ray Serve then replaces it."""
        if self._watching.done() and not self.keeper.draining:
            raise RuntimeError("the replica does not watch its settings any more")

    def _orphaned(self) -> bool:
        return self._alone and time.monotonic() - self._asked > ORPHANED

    def _leave(self) -> None:
        """Take the whole application away: its supervisor is gone, and nobody else knows of it."""
        from ray import serve

        self._asked = time.monotonic()  # another try in a minute
        name = serve.get_replica_context().app_name
        logging.getLogger("fmtools.serving").warning("nobody looks after this server any more; it ends")
        self._leaving = asyncio.create_task(asyncio.to_thread(serve.delete, name, False))


class _Mounted:
    """The application behind Ray Serve's proxy: without the part of the path under which a cluster knows it among others, and
    with the id that the proxy has given the request, which it also puts on the answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        root, path = scope.get("root_path", ""), scope["path"]
        if root and path.startswith(root):
            scope = {**scope, "path": path[len(root) :] or "/", "root_path": ""}
        number = next((value.decode("latin-1") for name, value in scope["headers"] if name == ID_HEADER), "")
        if not ID.fullmatch(number):
            await self.app(scope, receive, send)
            return

        async def once(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [head for head in message["headers"] if head[0] != ID_HEADER]}
            await send(message)

        await self.app({**scope, NUMBER: number}, receive, once)


def _close_side_door() -> None:
    """Keep Ray Serve from opening a port at every interface for other deployments. Whoever reaches it has objects of his own
    unpickled, which runs his code, and it asks for no token. Nothing uses it, unless a cluster is told to (gRPC between
    deployments): then it stays.
    """
    from ray.serve._private import constants, replica

    if constants.RAY_SERVE_USE_GRPC_BY_DEFAULT or constants.RAY_SERVE_PROXY_USE_GRPC:
        return
    if not hasattr(replica, "add_port_to_grpc_server"):
        raise BadArtifact("This version of Ray Serve opens a port to everybody which fmtools cannot close.")
    replica.add_port_to_grpc_server = lambda server, address: 0


def _count_in(folder: str) -> str:
    """Let this process count into a file of its own in a folder that replicas of several machines may share; return its name
    there. A process number alone may occur on each machine."""
    who = re.sub(r"[^A-Za-z0-9.]", "-", f"{socket.gethostname()}-{os.getpid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.environ[SHARED] = folder
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: who)
    return who


def _log_to(path: str) -> None:
    """Write faults to the server's own log: Ray's go with the cluster."""
    log = logging.getLogger("fmtools.serving")
    kept = logging.FileHandler(path, encoding="utf-8", delay=True)
    kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(kept)
    log.setLevel(logging.INFO)
