"""<base>/fmtools/serve/ID/...: a model server of this store, reached through Jupyter's own login.

The server listens on loopback behind a token of its own; the token is added here and never leaves this machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from ..store.services import ServiceFolder, open_service, services
from .access import Api, Refusal, guarded

_ROOT = r"/fmtools/serve"
#: Longest body that is handed on, in bytes, and seconds that an answer may take: the model server has its own limits.
LONGEST, PATIENCE = 10_000_000, 600.0
#: What a client may say to the model server, and the server to it: neither cookies nor hosts.
ASKS = ("Accept", "Content-Type", "X-Request-Deadline")
ANSWERS = ("Content-Type", "Retry-After", "X-Request-Id")


class Services(Api):
    """GET serve: the model servers of the store, without tokens."""

    @guarded("read")
    async def get(self) -> None:
        """Answer {"services": [{"id", "name", "task", "status", "artifact", "method"}]}, newest first."""
        self.answer(await self.look(_listed, self.book.home))


class Proxy(Api):
    """Any method on serve/ID/PATH: handed to the model server."""

    longest_body = LONGEST

    @guarded("read")
    async def get(self, service: str, path: str) -> None:
        """Hand a question about the server on."""
        await self._hand_on(service, path)

    @guarded("write")
    async def post(self, service: str, path: str) -> None:
        """Hand a question to the model on."""
        await self._hand_on(service, path)

    async def _hand_on(self, service: str, path: str) -> None:
        url, token = await self.look(_place, service, self.book.home)
        query = f"?{self.request.query}" if self.request.query else ""
        heads = HTTPHeaders({name: value for name in ASKS if (value := self.request.headers.get(name))})
        heads["Authorization"] = f"Bearer {token}"
        request = HTTPRequest(
            f"{url}/{path}{query}",
            method=self.request.method or "GET",
            headers=heads,
            body=bytes(self.body) if self.request.method == "POST" else None,
            request_timeout=PATIENCE,
            follow_redirects=False,
            header_callback=self._head,
            streaming_callback=self._piece,
        )
        self._began = False
        try:
            await AsyncHTTPClient().fetch(request, raise_error=False)
        except (HTTPClientError, OSError):
            if not self._began:
                raise Refusal(502, "The model server does not answer.") from None
        except StreamClosedError:
            return
        await self.finish(set_content_type=self._headers.get("Content-Type", "application/json"))

    def _head(self, line: str) -> None:
        """Take in the answer's status and those of its headers that are handed back."""
        word, _, value = line.strip().partition(":")
        if line.startswith("HTTP/"):
            self.set_status(int(line.split()[1]))
        elif word.title() in ANSWERS:
            self.set_header(word.title(), value.strip())

    def _piece(self, chunk: bytes) -> None:
        """Hand a part of the answer back as it comes: a stream stays one."""
        self._began = True
        self.write(chunk)
        self.flush()


def _place(service: str, home: Path) -> tuple[str, str]:
    """Return (url, token) of a running model server. Raises Refusal."""
    folder = open_service(service, home)
    state = folder.state
    if state["status"] != "running":
        raise Refusal(503, f"The model server is {state['status']}.")
    return str(state["url"]), folder.token


def _listed(home: Path) -> str:
    return json.dumps({"services": [_about(one) for one in services(home)]})


def _about(service: ServiceFolder) -> dict[str, Any]:
    record, state = service.record, service.state
    facts = {name: getattr(record, name) for name in ("id", "name", "task", "method", "artifact", "created")}
    return {**facts, "status": state["status"], "restarts": state.get("restarts", 0)}


def routes() -> list[tuple[str, type[Api]]]:
    """Return the patterns, without the base URL, and their handlers."""
    return [(_ROOT, Services), (rf"{_ROOT}/([^/]*)/(.*)", Proxy)]
