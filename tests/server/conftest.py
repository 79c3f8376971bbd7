"""A real Jupyter server with the extension, on a store of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Imported here, and not named as a plug-in of the whole suite: its clean-up would start a server after every test.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPResponse

from fmtools.runtime import serve
from fmtools.store.files import new_id
from fmtools.store.services import ServiceFolder, ServiceRecord

Fetch = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def jp_server_config(store: Path) -> dict[str, Any]:
    """Load our extension and nothing else."""
    return {"ServerApp": {"jpserver_extensions": {"fmtools.server": True}, "reraise_server_extension_failures": True}}


@pytest.fixture
def ask(jp_fetch: Fetch) -> Callable[..., Awaitable[tuple[int, Any, HTTPResponse]]]:
    """Ask a route with credentials: (status, JSON or bytes, response); refusals are answers, not exceptions."""

    async def fetch(*parts: str, **more: Any) -> tuple[int, Any, HTTPResponse]:
        response = await jp_fetch("fmtools", "api", *parts, raise_error=False, allow_nonstandard_methods=True, **more)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return response.code, json.loads(response.body) if is_json and response.body else response.body, response

    return fetch


@pytest.fixture
def service(store: Path, classifier: Path) -> Iterator[ServiceFolder]:
    """A model server of this store, at work."""
    record = ServiceRecord(id=new_id(), name="tiny", artifact="tiny/onnx", folder=str(classifier), created=time.time())
    made = ServiceFolder.create(record, {"folder": str(classifier), "name": "tiny"})
    serve.start(made)
    yield made
    serve.stop(made)
