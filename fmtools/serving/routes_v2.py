"""The Open Inference Protocol, version 2: texts as BYTES, or the model's own tensors."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from . import bodies
from .keeper import Keeper
from .model import Model
from .problems import Problem
from .routes_predict import REFUSALS, as_json
from .tasks.base import Asked, rows_of

#: Types of the protocol, as numpy calls them.
TYPES = {
    "BOOL": "bool", "INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64", "UINT8": "uint8", "UINT16": "uint16",
    "UINT32": "uint32", "UINT64": "uint64", "FP16": "float16", "FP32": "float32", "FP64": "float64", "BYTES": "object",
}  # fmt: skip
_NAMES = {value: key for key, value in TYPES.items()}
#: Values that a tensor may have at most.
LARGEST = 4_000_000


class Tensor(BaseModel):
    """An input: `data` flat or nested, in row-major order."""

    model_config = ConfigDict(extra="ignore")
    name: str
    shape: list[int] = Field(max_length=8)
    datatype: Literal[
        "BOOL",
        "INT8",
        "INT16",
        "INT32",
        "INT64",
        "UINT8",
        "UINT16",
        "UINT32",
        "UINT64",
        "FP16",
        "FP32",
        "FP64",
        "BYTES",
    ]
    data: list[Any]


class Wanted(BaseModel):
    """An output that is asked for."""

    model_config = ConfigDict(extra="ignore")
    name: str


class Parameters(BaseModel):
    """What we read of a request's parameters."""

    model_config = ConfigDict(extra="ignore")
    top: int = Field(3, ge=1, le=1000)
    max_new_tokens: int | None = Field(None, ge=1, le=8192)
    beams: int | None = Field(None, ge=1, le=16)

    def manner(self) -> dict[str, int]:
        """Return what is said here, by the names of /predict's fields."""
        return self.model_dump(exclude_none=True)


class Infer(BaseModel):
    """The body of .../infer."""

    model_config = ConfigDict(extra="ignore")
    id: str | None = None
    parameters: Parameters = Parameters(top=3, max_new_tokens=None, beams=None)
    inputs: list[Tensor] = Field(min_length=1, max_length=32)
    outputs: list[Wanted] | None = None


_BODY = {"required": True, "content": {"application/json": {"schema": bodies.schema(Infer)}}}


def router(keeper: Keeper) -> APIRouter:
    """Return the routes under /v2."""
    routes = APIRouter(prefix="/v2", tags=["v2"])

    @routes.get("")
    async def server() -> Response:
        """Say what the server is."""
        return as_json({"name": "fmtools", "version": "1", "extensions": []})

    @routes.get("/health/live")
    async def live() -> Response:
        """Say that the process answers."""
        return as_json({"live": True})

    @routes.get("/health/ready", responses={503: {"description": "Not ready."}})
    async def ready() -> Response:
        """Say whether the model is ready."""
        return as_json({"ready": keeper.ready}, 200 if keeper.ready else 503)

    @routes.get("/models/{name}", responses={404: {"description": "There is no such model."}})
    async def model(name: str) -> Response:
        """Say what the model takes and gives."""
        with keeper.use() as found:
            return as_json(described(known(keeper, name), found))

    @routes.get("/models/{name}/ready", responses={404: {"description": "There is no such model."}})
    async def model_ready(name: str) -> Response:
        """Say whether the model is ready."""
        return as_json({"name": known(keeper, name), "ready": keeper.ready}, 200 if keeper.ready else 503)

    @routes.post(
        "/models/{name}/infer",
        responses={404: {"description": "There is no such model."}, **REFUSALS},
        openapi_extra={"requestBody": _BODY},
    )
    async def infer(name: str, request: Request) -> Response:
        """Compute: inputs named as fields of /predict with BYTES, or the model's own inputs."""
        until = keeper.until(bodies.wanted_seconds(request))
        name = known(keeper, name)
        asked = await bodies.parse(request, Infer, until)
        given = _arrays(asked.inputs)
        with keeper.use() as found:
            if all(one.datatype == "BYTES" for one in asked.inputs):
                outputs = await _texts(keeper, found, given, asked.parameters.manner(), until)
            else:
                outputs = await _tensors(keeper, found, given, until)
        chosen = _chosen(outputs, asked.outputs)
        answer = {"model_name": name, "model_version": "1", "outputs": [_tensor(n, v) for n, v in chosen.items()]}
        return as_json({**({"id": asked.id} if asked.id is not None else {}), **answer})

    return routes


def known(keeper: Keeper, name: str) -> str:
    """Return the model's name. Raises Problem 404 for another one."""
    if name != keeper.settings.name:
        raise Problem(404, f"There is no such model; this server has {keeper.settings.name}.")
    return name


def described(name: str, model: Model) -> dict[str, Any]:
    """Return the protocol's metadata of a model: its fields as BYTES, then its own tensors."""
    texts = [{"name": field, "datatype": "BYTES", "shape": [-1]} for field in model.handler.fields]
    given = ["prediction", *([model.handler.written] if model.handler.written else [])] if texts else []
    own = model.session if model.artifact.whole else None
    return {
        "name": name,
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [*texts, *(_spec(*one) for one in (own.inputs if own else ()))],
        "outputs": [
            *({"name": name, "datatype": "BYTES", "shape": [-1]} for name in given),
            *(_spec(*one) for one in (own.outputs if own else ())),
        ],
        **({"properties": languages} if (languages := _languages(model)) else {}),
    }


def _languages(model: Model) -> dict[str, str]:
    """Return between which languages a model translates, where its card says so."""
    named = model.artifact.about.get("languages") or []
    return {f"{side}_language": str(code) for side, code in zip(("source", "target"), named, strict=False)}


def _spec(name: str, kind: str, shape: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": _NAMES[kind], "shape": [size if isinstance(size, int) else -1 for size in shape]}


def _arrays(tensors: list[Tensor]) -> dict[str, np.ndarray]:
    """Return the inputs as arrays. Raises Problem 422 for data that do not fit their shape or type."""
    found: dict[str, np.ndarray] = {}
    for place, tensor in enumerate(tensors):
        field = f"inputs.{place}"
        if tensor.name in found:
            raise Problem(422, f"{field}.name: {tensor.name!r} is given twice.", f"{field}.name")
        size = 1
        for length in tensor.shape:
            if length < 0 or (size := size * length) > LARGEST:
                raise Problem(422, f"{field}.shape: it is negative, or larger than is taken.", f"{field}.shape")
        values = _flat(tensor.data)
        if len(values) != size:
            raise Problem(422, f"{field}.data: there are {len(values)} values, the shape has {size}.", f"{field}.data")
        found[tensor.name] = _typed(values, tensor, field).reshape(tensor.shape)
    return found


def _typed(values: list[Any], tensor: Tensor, field: str) -> np.ndarray:
    plain = {"BYTES": str, "BOOL": bool}.get(tensor.datatype)
    numbers = (int,) if "INT" in tensor.datatype else (int, float)
    fits = all(isinstance(v, plain) if plain else isinstance(v, numbers) and not isinstance(v, bool) for v in values)
    if fits:
        try:
            return np.array(values, TYPES[tensor.datatype])
        except (OverflowError, ValueError):
            pass
    raise Problem(422, f"{field}.data: a value is no {tensor.datatype}.", f"{field}.data")


def _flat(values: list[Any]) -> list[Any]:
    """Return nested lists as one, in their order."""
    found: list[Any] = []
    left: list[Any] = [values]
    while left:
        last = left.pop()
        if not isinstance(last, list):
            found.append(last)
        elif last and not any(isinstance(one, list) for one in last):
            found.extend(last)
        else:
            left.extend(reversed(last))
    return found


async def _texts(
    keeper: Keeper, model: Model, given: dict[str, np.ndarray], manner: dict[str, int], until: float
) -> dict[str, np.ndarray]:
    fields = {name: [str(value) for value in values.ravel()] for name, values in given.items()}
    unknown = next((name for name in fields if name not in Asked.model_fields or name in Parameters.model_fields), None)
    if unknown is not None:
        raise Problem(422, f"inputs: there is no text input {unknown!r}.", "inputs")
    asked = Asked(**manner, **fields)
    rows = rows_of(model.handler, asked)
    if len(rows) > keeper.settings.rows:
        raise Problem(422, f"inputs: there are {len(rows)} texts; a request may have {keeper.settings.rows}.", "inputs")
    answers = await model.predict(rows, asked.top, until, asked)
    keeper.meters.rows.inc(len(rows))
    keeper.sights.rows(rows, answers)
    found: dict[str, np.ndarray] = {
        "prediction": np.array([json.dumps(answer, ensure_ascii=False) for answer in answers], object)
    }
    if all("label" in answer and "score" in answer for answer in answers):
        found["label"] = np.array([answer["label"] for answer in answers], object)
        found["score"] = np.array([answer["score"] for answer in answers], np.float32)
    if (key := model.handler.written) and answers:
        found[key] = np.array([answer[key] for answer in answers], object)
    if all("embedding" in answer for answer in answers):
        found["embedding"] = np.array([answer["embedding"] for answer in answers], np.float32)
    return found


async def _tensors(keeper: Keeper, model: Model, given: dict[str, np.ndarray], until: float) -> dict[str, np.ndarray]:
    if not model.artifact.whole:
        raise Problem(422, "inputs: this model is several functions; send texts, as BYTES.", "inputs")
    wanted = {name: (kind, shape) for name, kind, shape in model.session.inputs}
    for name, (kind, shape) in wanted.items():
        if name not in given:
            raise Problem(422, f"inputs: {name} is missing.", "inputs")
        if given[name].ndim != len(shape) or given[name].dtype != np.dtype(kind):
            raise Problem(422, f"inputs: {name} should be {_NAMES[kind]} of {len(shape)} axes.", "inputs")
    unknown = next((name for name in given if name not in wanted), None)
    if unknown is not None:
        raise Problem(422, f"inputs: the model has no input {unknown!r}.", "inputs")
    most = keeper.settings.rows, model.artifact.max_length
    if not all(v.size and all(n <= limit for n, limit in zip(v.shape, most, strict=False)) for v in given.values()):
        raise Problem(422, f"inputs: a tensor is empty, or has more than {most[0]} rows of {most[1]}.", "inputs")
    return await model.raw(given, until)


def _chosen(outputs: dict[str, np.ndarray], wanted: list[Wanted] | None) -> dict[str, np.ndarray]:
    if not wanted:
        return outputs
    unknown = next((one.name for one in wanted if one.name not in outputs), None)
    if unknown is not None:
        raise Problem(422, f"outputs: there is no output {unknown!r}.", "outputs")
    return {one.name: outputs[one.name] for one in wanted}


def _tensor(name: str, values: np.ndarray) -> dict[str, Any]:
    kind = _NAMES["object" if values.dtype == object else values.dtype.name]
    return {"name": name, "datatype": kind, "shape": list(values.shape), "data": values.ravel().tolist()}
