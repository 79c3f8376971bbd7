"""Reading a request's body: its kind, its time, and which field is wrong with it."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from .problems import Problem

Model = TypeVar("Model", bound=BaseModel)
#: A client may ask for a shorter deadline than the server's, in seconds.
DEADLINE_HEADER = "x-request-deadline"
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema with every part in its place: OpenAPI reads references from elsewhere."""
    found = model.model_json_schema()
    parts = found.pop("$defs", {})

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                rest = {key: one for key, one in value.items() if key != "$ref"}
                return {**placed(parts[value["$ref"].rpartition("/")[2]]), **placed(rest)}
            return {key: placed(one) for key, one in value.items()}
        return [placed(one) for one in value] if isinstance(value, list) else value

    return dict(placed(found))


def wanted_seconds(request: Request) -> float | None:
    """Return the deadline a request asks for; None when it asks for none. Raises Problem 422."""
    value = request.headers.get(DEADLINE_HEADER)
    if value is None:
        return None
    if _SECONDS.fullmatch(value) is None or float(value) <= 0:
        raise Problem(422, f"{DEADLINE_HEADER}: it should be seconds, such as 2.5.", DEADLINE_HEADER)
    return float(value)


async def read(request: Request, until: float) -> bytes:
    """Return the whole body. Raises Problem 408 when it does not come in time."""
    try:
        # A body that is here already is read whatever the deadline: it is the answer that is late then.
        async with asyncio.timeout(max(0.1, until - time.monotonic())):
            return await request.body()
    except TimeoutError:
        raise Problem(408, "The body did not come in time.") from None
    except ClientDisconnect:
        raise Problem(400, "The client has gone.") from None


def kind(request: Request) -> str:
    """Return the media type of the body, in lower case and without parameters; JSON when none is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


async def parse(request: Request, model: type[Model], until: float) -> Model:
    """Return the JSON body as a model. Raises Problem 415 for another kind, 422 naming the first field that is wrong."""
    if kind(request) != "application/json":
        raise Problem(415, "Send application/json.")
    return checked(model, await read(request, until))


def checked(model: type[Model], body: bytes) -> Model:
    """Return JSON text as a model. Raises Problem 422, naming the field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Problem(422, worded(first), field(first)) from None


def field(error: Any) -> str:
    """Return the name of the field that an error of pydantic is about: text, inputs.0.shape."""
    # A field of several types is followed by the name of the type that was tried: names of types are left out.
    known = (
        str(part)
        for part in error["loc"]
        if not (isinstance(part, str) and re.search(r"[\[\(]|^(str|int|float)$", part))
    )
    return ".".join(known)


def worded(error: Any) -> str:
    """Return one sentence for an error of pydantic."""
    name, said = field(error), str(error["msg"])
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such field."
    if error["type"] == "json_invalid":
        return f"The body is not JSON: {said.partition(': ')[2] or said}."
    said = said[:1].lower() + said[1:]
    return f"{name}: {said}." if name else f"{said}."
