"""/v1/embeddings and /v1/models, as OpenAI's clients ask for them."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from . import bodies
from .keeper import Keeper
from .problems import Problem
from .routes_predict import REFUSALS, as_json
from .tasks.sentence_similarity import ASKING, FOUND, SentenceSimilarity, unit


class Embed(BaseModel):
    """The body of POST /v1/embeddings. input_type "passage": texts that are searched, where the model has a prompt for them;
    a text as it stands otherwise."""

    model_config = ConfigDict(extra="ignore")
    input: str | list[str]
    model: str | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: Literal["query", "passage"] | None = None
    user: str | None = None


_BODY = {"required": True, "content": {"application/json": {"schema": bodies.schema(Embed)}}}


def router(keeper: Keeper) -> APIRouter:
    """Return /v1/models and /v1/embeddings."""
    routes = APIRouter(prefix="/v1", tags=["openai"])

    @routes.get("/models")
    async def models() -> Response:
        """List the one model."""
        own = {"id": keeper.settings.name, "object": "model", "created": keeper.began, "owned_by": "fmtools"}
        return as_json({"object": "list", "data": [own]})

    @routes.post("/embeddings", responses=REFUSALS, openapi_extra={"requestBody": _BODY})
    async def embeddings(request: Request) -> Response:
        """Return the vector of each text."""
        until = keeper.until(bodies.wanted_seconds(request))
        asked = await bodies.parse(request, Embed, until)
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if not texts or len(texts) > keeper.settings.rows:
            raise Problem(422, f"input: a request has 1 to {keeper.settings.rows} texts.", "input")
        with keeper.use() as model:
            handler = model.handler
            if not isinstance(handler, SentenceSimilarity):
                raise Problem(422, "model: this model has no sentence vectors.", "model")
            prompt = handler.prompt({"query": ("query",), "passage": FOUND}.get(asked.input_type or "", ()))
            pieces = [handler.piece(prompt + text) for text in texts]
            outputs = await model.batcher.submit(pieces, until)
        keeper.meters.rows.inc(len(texts))
        rows = [{"text": text} for text in texts]
        asking = prompt == handler.prompt(ASKING)  # the reference's vectors are of texts that ask
        seen = [{"embedding": unit(out["sentence_embedding"])} for out in outputs] if asking else None
        keeper.sights.rows(rows, seen)
        vectors = [_cut(out["sentence_embedding"], asked.dimensions) for out in outputs]
        tokens = sum(piece.length for piece in pieces)
        return as_json(
            {
                "object": "list",
                "data": [
                    {"object": "embedding", "index": place, "embedding": _written(vector, asked.encoding_format)}
                    for place, vector in enumerate(vectors)
                ],
                "model": keeper.settings.name,
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            }
        )

    return routes


def _cut(vector: np.ndarray, dimensions: int | None) -> np.ndarray:
    if dimensions is not None and dimensions > len(vector):
        raise Problem(422, f"dimensions: the model's vectors have {len(vector)}.", "dimensions")
    return unit(vector[:dimensions])


def _written(vector: np.ndarray, form: str) -> Any:
    if form == "base64":
        return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()
    return [float(x) for x in vector]
