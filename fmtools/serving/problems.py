"""Refusals and failures as a client sees them: a status, a sentence, the field, an id. Never a path or a traceback."""

from __future__ import annotations

import json
import uuid
from typing import Any


class Problem(Exception):
    """A request that is refused. `field` names the part of the body at fault; `retry` is in seconds."""

    def __init__(self, status: int, message: str, field: str = "", retry: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.field, self.retry = status, message, field, retry

    def headers(self) -> dict[str, str]:
        """Return what the answer's head says besides."""
        found = {"Retry-After": str(self.retry)} if self.retry else {}
        return {**found, "WWW-Authenticate": "Bearer"} if self.status == 401 else found


class BadArtifact(Exception):
    """A model folder that cannot be served; the sentence is for whoever started the server."""


def new_id() -> str:
    """Return an id that stands in the answer and beside the traceback in the log."""
    return uuid.uuid4().hex


def body(problem: Problem, number: str, path: str) -> bytes:
    """Return the JSON of a refusal, in the shape that clients of `path` expect.

    The Open Inference Protocol wants {"error": sentence}; all others get OpenAI's {"error": {"message", "type", ...}}.
    """
    fields: dict[str, Any] = {"field": problem.field} if problem.field else {}
    if path.startswith("/v2"):
        return json.dumps({"error": problem.message, "id": number, **fields}).encode()
    kind = "invalid_request_error" if problem.status < 500 and problem.status != 429 else "server_error"
    if path.startswith("/v1"):
        fields = {"param": problem.field or None, "code": problem.status}
    return json.dumps({"error": {"message": problem.message, "type": kind, "id": number, **fields}}).encode()
