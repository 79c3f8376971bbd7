"""POST /predict: texts in, the answers of `fmtools predict` out."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from . import bodies
from .keeper import Keeper
from .problems import Problem
from .tasks.base import Asked, rows_of

#: What OpenAPI says of the refusals that every route may answer with.
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request is broken."},
    401: {"description": "The token is missing or wrong."},
    408: {"description": "The body did not come in time."},
    413: {"description": "The body is too long."},
    415: {"description": "The body is of another kind."},
    422: {"description": "A field is wrong; the answer names it."},
    429: {"description": "Too many requests wait; Retry-After says when to come back."},
    503: {"description": "The model is being loaded, or the server ends."},
    504: {"description": "The answer was not ready by the deadline."},
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": bodies.schema(Asked)},
        "text/plain": {"schema": {"type": "string", "minLength": 1}},
    },
}


def router(keeper: Keeper) -> APIRouter:
    """Return /predict."""
    routes = APIRouter()

    @routes.post("/predict", responses=REFUSALS, openapi_extra={"requestBody": _BODY}, tags=["predict"])
    async def predict(request: Request) -> Response:
        """Predict one text or several; `text/plain` is one text."""
        until = keeper.until(bodies.wanted_seconds(request))
        asked = await _asked(request, until)
        with keeper.use() as model:
            rows = rows_of(model.handler, asked)
            if len(rows) > keeper.settings.rows:
                raise Problem(422, f"text: there are {len(rows)}; a request may have {keeper.settings.rows}.", "text")
            answers = await model.predict(rows, asked.top, until, asked)
        keeper.meters.rows.inc(len(rows))
        keeper.sights.rows(rows, answers)
        return as_json({"predictions": answers})

    return routes


async def _asked(request: Request, until: float) -> Asked:
    if bodies.kind(request) != "text/plain":
        return await bodies.parse(request, Asked, until)
    try:
        return Asked(text=(await bodies.read(request, until)).decode("utf-8"), top=3)
    except UnicodeDecodeError:
        raise Problem(422, "text: it is not UTF-8.", "text") from None


def as_json(value: Any, status: int = 200) -> Response:
    """Return an answer; a number that JSON does not have is a fault of ours and must not leave."""
    return Response(json.dumps(value, ensure_ascii=False, allow_nan=False), status, media_type="application/json")
