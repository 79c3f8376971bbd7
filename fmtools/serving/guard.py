"""What stands before every route: who may ask, how much, and what a refusal or a fault looks like."""

from __future__ import annotations

import hmac
import logging
import time
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import problems
from .keeper import Keeper
from .problems import Problem

LOG = logging.getLogger("fmtools.serving")
#: Answered to anybody: what an orchestrator asks, which says nothing of the model.
OPEN = frozenset(("/healthz", "/readyz"))
#: Routes that compute: refused at once when the queue is full, before anything is read.
COMPUTING = ("/predict", "/v1/embeddings", "/v1/chat/completions", "/v1/completions")
#: Where a request's scope holds what this file knows of it.
ASKED = "fmtools.asked"
#: Where a scope holds the id that something in front of this server has given the request already.
NUMBER = "fmtools.number"
FAULT = Problem(500, "The server failed at this request; its log has the id.")
KNOWN = frozenset((*OPEN, *COMPUTING, "/metrics", "/openapi.json", "/v1/models", "/v2"))


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, keeper: Keeper) -> None:
        self.app, self.keeper = app, keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit, run, count one request."""
        if scope["type"] != "http":
            return
        asked = _Request(self, scope, receive, send)
        if scope["path"] in OPEN:
            await asked.run()
            return
        try:
            self._admit(scope)
        except Problem as problem:
            await asked.refuse(problem)
            return
        self.keeper.inflight += 1
        self.keeper.meters.inflight.inc()
        try:
            await asked.run()
        finally:
            self.keeper.inflight -= 1
            self.keeper.meters.inflight.dec()

    def _admit(self, scope: Scope) -> None:
        keeper, heads = self.keeper, scope["headers"]
        if keeper.hosts and not all(_host(value) in keeper.hosts for value in _all(heads, b"host") or [b""]):
            raise Problem(421, "The server does not go by the name in the Host header.")
        given = _all(heads, b"authorization")
        if keeper.token and not (len(given) == 1 and _bears(given[0], keeper.token)):
            raise Problem(401, "Send the server's token: Authorization: Bearer TOKEN.")
        if keeper.draining:
            raise Problem(503, "The server is ending.", retry=1)
        length = (_all(heads, b"content-length") or [b"0"])[0]
        if length.isdigit() and int(length) > keeper.settings.body_limit:
            raise Problem(413, f"The body is longer than {keeper.settings.body_limit:,} bytes.")
        if keeper.full and scope["method"] == "POST" and computes(scope["path"]):
            assert keeper.model is not None
            retry = keeper.model.batcher.retry_after()
            raise Problem(429, "The server has more requests waiting than it takes.", retry=retry)


class _Request:
    """One request on its way: counts bytes in, marks the answer with its id, words what goes wrong."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.keeper, self.app = guard.keeper, guard.app
        self.scope, self._receive, self._send = scope, receive, send
        self.number, self.path = scope.get(NUMBER) or problems.new_id(), str(scope["path"])
        self.status, self._read, self._began = 0, 0, time.perf_counter()
        self._counted = False

    async def run(self) -> None:
        """Let the application answer; a fault of ours goes to the log, under the request's id."""
        self.scope[ASKED] = self
        try:
            await self.app(self.scope, self.receive, self.send)
        except Exception:
            LOG.exception("request %s failed", self.number)
            await self.refuse(FAULT)
        else:
            self._count()

    async def receive(self) -> Message:
        """Pass the body on, and no more of it than is allowed."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self.keeper.settings.body_limit:
            raise Problem(413, f"The body is longer than {self.keeper.settings.body_limit:,} bytes.")
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, with its id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra = [(b"x-request-id", self.number.encode()), (b"cache-control", b"no-store")]
            if self.keeper.draining:
                extra.append((b"connection", b"close"))
            message = {**message, "headers": [*message["headers"], *extra]}
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            self._count()  # who has an answer finds it counted, even if this process dies right after
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer has begun."""
        if not self.status:
            await self.worded(problem)(self.scope, self.receive, self.send)
        self._count()

    def worded(self, problem: Problem) -> Response:
        """Return a problem as an answer."""
        heads = problem.headers()
        if problem.status == 413:
            heads["connection"] = "close"  # the rest of the body is not read
        body = problems.body(problem, self.number, self.path)
        return Response(body, problem.status, heads, "application/json")

    def _count(self) -> None:
        if self._counted:
            return
        self._counted = True
        route, meters = _route(self.path), self.keeper.meters
        meters.requests.labels(route, str(self.status)).inc()
        if self.status in REASONS:
            meters.refusals.labels(REASONS[self.status]).inc()
        seconds = time.perf_counter() - self._began
        if self.status == 200 and self.path not in OPEN:
            meters.seconds.labels(route).observe(seconds)
        if computes(self.path):
            self.keeper.sights.request(self.status, seconds)


REASONS = {401: "token", 413: "size", 421: "host", 429: "queue", 503: "not ready", 504: "deadline"}


def computes(path: str) -> bool:
    """Say whether a path asks the model."""
    return path in COMPUTING or path.endswith("/infer")


def _route(path: str) -> str:
    """Return a path as a label: of a bounded number, whatever clients type."""
    if path.startswith("/v2/models/"):
        return "/v2/models/infer" if path.endswith("/infer") else "/v2/models"
    return path if path in KNOWN or (path.startswith("/v2/health/") and path[11:] in ("live", "ready")) else "other"


def _all(heads: Any, name: bytes) -> list[bytes]:
    return [value for key, value in heads if key == name]


def _bears(value: bytes, token: bytes) -> bool:
    scheme, _, given = value.partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token)


def _host(value: bytes) -> str:
    """Return the name of a Host header, without its port."""
    text = value.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text
