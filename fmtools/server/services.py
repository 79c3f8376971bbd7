"""Model servers for the lab: how they stand and what they counted, and the wishes to stop one or to start it again.

Nothing of the engine is imported: to stop is a signal to the server's supervisor, to start is `fmtools serve --restart` in a
process of its own, which checks the model as every start does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from ..core.errors import StoreError
from ..core.wire import ServiceList, ServiceRequest, ServiceSummary
from ..store import lease
from ..store.services import ServiceFolder, open_service, services
from .access import Api, Refusal, guarded
from .rates import Rates

_ROOT = r"/fmtools/api"
#: Servers that a list has at most, and seconds that one may take to say what it counted, to start, and to end.
MOST, GLANCE, STARTING, ENDING = 200, 1.5, 180.0, 40.0
_WANTED = 'Send {"action": "stop" or "restart"}.'
#: What servers counted, shared by all pages that ask; ids of servers that are being started here.
_rates = Rates()
_starting: set[str] = set()


class ServiceBook(Api):
    """GET services: the `ServiceList`, without tokens."""

    @guarded("read")
    async def get(self) -> None:
        """Answer the servers of the store, newest first, those at work with what they counted."""
        found = await self.look(_standing, self.book.home)
        rows = await asyncio.gather(*(self._row(*one) for one in found))
        self.answer(ServiceList(services=list(rows)).model_dump_json())

    async def _row(self, summary: ServiceSummary, where: tuple[str, str, float] | None) -> ServiceSummary:
        """Return a server's row with what it says of itself; `where` is None for one that cannot be asked from here."""
        if where is None:
            return summary
        url, token, began = where
        said = await _asked(f"{url}/metrics", token)
        if said is None:
            return summary.model_copy(update={"answers": False})
        counted = _rates.take((summary.id, began), said, time.time(), began)
        return summary.model_copy(update={"answers": True, **counted})


class ControlService(Api):
    """POST services/ID/control with a `ServiceRequest`: stop a server, or start it again."""

    @guarded("write")
    async def post(self, word: str) -> None:
        """Answer 202 when the server was told to end, 200 when it is started; 409 with a sentence when it cannot be."""
        asked = _wish(self.body)
        service = await self.look(_opened, word, self.book.home)
        if asked.action == "stop":
            await self.look(_stop, service)
        else:
            await self._restart(service)
        found = await self.look(_summary, service)
        self.answer(found.model_dump_json(), 202 if asked.action == "stop" else 200)

    async def _restart(self, service: ServiceFolder) -> None:
        if await self.look(_sealed, service):
            name = service.record.name
            raise Refusal(409, f"Its model is encrypted: %fm_serve --restart {name} --key-file FILE starts it again.")
        if service.id in _starting:
            raise Refusal(409, "The server is being started already.")
        _starting.add(service.id)
        try:
            complaint = await asyncio.to_thread(_started, service, self.book.home)
        finally:
            _starting.discard(service.id)
        if complaint:
            raise Refusal(409, complaint)


def _wish(body: bytes) -> ServiceRequest:
    try:
        return ServiceRequest.model_validate_json(body, strict=True)
    except ValidationError:
        raise Refusal(400, _WANTED) from None


def _opened(word: str, home: Path) -> ServiceFolder:
    try:
        service = open_service(word, home)
        _ = service.record
    except StoreError:
        raise Refusal(404, "There is no such server.") from None
    return service


def _stop(service: ServiceFolder) -> None:
    """Let the supervisor drain and end. Raises Refusal when there is none, or it is on another machine."""
    try:
        told = service.end()
    except StoreError as error:
        raise Refusal(409, f"{error.cause} {error.cure}") from None
    if not told:
        raise Refusal(409, f"The server is {service.state['status']}: it does not run.")


def _sealed(service: ServiceFolder) -> bool:
    return bool(service.settings.get("sealed"))


def _started(service: ServiceFolder, home: Path) -> str:
    """Start a server again, or let one at work take its model in anew; return "" or the sentence that says why not."""
    words = ["serve", "--restart", service.id, "--background", "--json"]
    _leave(service)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fmtools", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTING,
            env={**os.environ, "FMTOOLS_HOME": str(home)},
            start_new_session=True,  # an interrupt of the Jupyter server is not meant for a server that is being started
        )
        said = json.loads((done.stdout.strip().splitlines() or ["{}"])[-1])
    except subprocess.TimeoutExpired:
        return f"The server was not ready within {STARTING:.0f} s."
    except ValueError:
        return "The server could not be started: fmtools did not say why."
    if done.returncode and "error" not in said:
        return "The server could not be started: fmtools did not say why."
    return _without_paths(str(said.get("error", "")), service, home)


def _leave(service: ServiceFolder) -> None:
    """Wait for one that ends to be gone: what is started beside it would be taken for it."""
    end = time.monotonic() + ENDING
    while service.state["status"] not in ("starting", "running") and service.alive() and time.monotonic() < end:
        time.sleep(0.05)


def _without_paths(sentence: str, service: ServiceFolder, home: Path) -> str:
    """Name the model as it was typed, and the store by its word: an answer carries no path of this machine."""
    record = service.record
    return sentence.replace(record.folder, record.artifact).replace(str(home), "the run store")


def _standing(home: Path) -> list[tuple[ServiceSummary, tuple[str, str, float] | None]]:
    """Return each server's row and, of those that can be asked from here, (url, token, when it began)."""
    found = []
    for one in services(home)[:MOST]:
        with contextlib.suppress(
            StoreError, OSError, LookupError, ValueError, TypeError
        ):  # one that is damaged hides no other
            found.append((_summary(one), _where(one)))
    return found


def _where(service: ServiceFolder) -> tuple[str, str, float] | None:
    state, (holder, _) = service.state, lease.newest(service.path)
    if state["status"] != "running" or holder is None or holder.host != lease.host_key():
        return None
    try:
        return str(state["url"]), service.token, float(state.get("began", 0.0))
    except OSError:
        return None


def _summary(service: ServiceFolder) -> ServiceSummary:
    record, state = service.record, service.state
    begins = service.id in _starting and state["status"] != "running"
    return ServiceSummary(
        id=record.id,
        name=record.name,
        task=record.task,
        method=record.method,
        artifact=record.artifact,
        status="starting" if begins else str(state["status"]),
        created=record.created,
        began=float(state.get("began", 0.0)),
        message=_without_paths(str(state.get("message", "")), service, service.path.parents[1]),
        restarts=int(state.get("restarts", 0)),
        fields=list((state.get("model") or {}).get("fields", [])),
        sealed=_sealed(service),
    )


async def _asked(url: str, token: str) -> str | None:
    """Return what a server on this machine says, None when it does not. Its own client: the questions to the models that
    are handed on must not make this one wait."""
    client = AsyncHTTPClient(force_instance=True)
    heads = {"Authorization": f"Bearer {token}"}
    try:
        answer: Any = await client.fetch(
            HTTPRequest(url, headers=heads, request_timeout=GLANCE, connect_timeout=GLANCE)
        )
        return str(answer.body.decode("utf-8", "replace"))
    except Exception:  # refused, too late, an answer that is no 200: for a list they are the same
        return None
    finally:
        client.close()


def routes() -> list[tuple[str, type[Api]]]:
    """Return the patterns, without the base URL, and their handlers."""
    return [(rf"{_ROOT}/services", ServiceBook), (rf"{_ROOT}/services/([^/]*)/control", ControlService)]
