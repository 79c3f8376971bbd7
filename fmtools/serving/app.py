"""The server's routes put together."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from . import routes_chat, routes_embeddings, routes_health, routes_predict, routes_v2
from .guard import ASKED, FAULT, Guard
from .keeper import Keeper
from .problems import Problem

ABOUT = "A model behind HTTP. Every route but /healthz and /readyz wants `Authorization: Bearer TOKEN`."


def build(keeper: Keeper) -> Guard:
    """Return the whole application. Its documentation is /openapi.json: pages would load scripts from elsewhere."""
    app = FastAPI(title="fmtools model server", description=ABOUT, version="1", docs_url=None, redoc_url=None)
    app.add_exception_handler(Problem, lambda request, error: _worded(request, error))
    app.add_exception_handler(HTTPException, lambda request, error: _worded(request, _plain(error)))
    app.add_exception_handler(Exception, lambda request, error: _worded(request, FAULT))
    for routes in (routes_health, routes_predict, routes_v2, routes_embeddings, routes_chat):
        app.include_router(routes.router(keeper))
    return Guard(app, keeper)


def _worded(request: Request, problem: Any) -> Response:
    answer: Response = request.scope[ASKED].worded(problem)
    return answer


def _plain(error: Any) -> Problem:
    """Word what the framework refuses: no such route, no such method."""
    words = {404: "There is no such route.", 405: "This route does not know that method."}
    return Problem(error.status_code, words.get(error.status_code, f"{error.detail}."))
