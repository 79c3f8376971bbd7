"""/v1/chat/completions and /v1/completions, as OpenAI's clients ask for them; `stream` sends tokens as they come."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from . import bodies, problems
from .guard import ASKED, FAULT
from .keeper import Keeper
from .model import Model
from .problems import Problem
from .routes_predict import REFUSALS, as_json
from .sampling import Sampling
from .talk import Growing
from .tasks.text_generation import TextGeneration

LOG = logging.getLogger("fmtools.serving")


class Writes(BaseModel):
    """What both routes take."""

    model_config = ConfigDict(extra="ignore")
    model: str | None = None
    max_tokens: int | None = Field(None, ge=1, le=8192)
    max_completion_tokens: int | None = Field(None, ge=1, le=8192)
    temperature: float | None = Field(None, ge=0, le=10)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1_000_000)
    repetition_penalty: float | None = Field(None, gt=0, le=10)
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    n: int | None = Field(None, ge=1, le=1)
    stop: str | list[str] | None = None
    stream: bool | None = None

    def sampling(self) -> Sampling:
        """Return how to choose: greedily where nothing is said, as `fmtools predict` does."""
        given = {name: getattr(self, name) for name in ("temperature", "top_p", "top_k", "repetition_penalty", "seed")}
        length = self.max_completion_tokens or self.max_tokens
        return Sampling(**{k: v for k, v in {**given, "max_new_tokens": length}.items() if v is not None})

    def ends(self) -> list[str]:
        """Return the texts that end an answer."""
        return [one for one in ([self.stop] if isinstance(self.stop, str) else self.stop or []) if one]


class Part(BaseModel):
    """A part of a message's content: text is all that is read."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="ignore")
    role: str = Field(min_length=1, max_length=40)
    content: str | list[Part]

    def plain(self) -> dict[str, str]:
        """Return the message as a chat template takes it."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": self.role, "content": text}


class Chat(Writes):
    """The body of POST /v1/chat/completions."""

    messages: list[Message] = Field(min_length=1, max_length=1000)


class Completion(Writes):
    """The body of POST /v1/completions."""

    prompt: str


def router(keeper: Keeper) -> APIRouter:
    """Return both routes."""
    routes = APIRouter(prefix="/v1", tags=["openai"])

    @routes.post("/chat/completions", responses=REFUSALS, openapi_extra=_body(Chat))
    async def chat(request: Request) -> Response:
        """Answer a conversation."""
        until = keeper.until(bodies.wanted_seconds(request))
        asked = await bodies.parse(request, Chat, until)
        model = _writes(keeper)
        prompt = model.handler.talk.asked([message.plain() for message in asked.messages])  # type: ignore[attr-defined]
        return await _Answer(keeper, model, asked, prompt, until, chat=True).respond(request)

    @routes.post("/completions", responses=REFUSALS, openapi_extra=_body(Completion))
    async def complete(request: Request) -> Response:
        """Go on writing."""
        until = keeper.until(bodies.wanted_seconds(request))
        asked = await bodies.parse(request, Completion, until)
        model = _writes(keeper)
        prompt = model.handler.talk.prompt(asked.prompt)  # type: ignore[attr-defined]
        return await _Answer(keeper, model, asked, prompt, until, chat=False).respond(request)

    return routes


def _body(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": bodies.schema(model)}}}}


def _writes(keeper: Keeper) -> Model:
    with keeper.use() as model:
        if not isinstance(model.handler, TextGeneration) or model.writer is None:
            raise Problem(422, "model: this model does not write.", "model")
        return model


class _Answer:
    """One answer on its way: at once, or a piece a token."""

    def __init__(
        self, keeper: Keeper, model: Model, asked: Writes, prompt: list[int], until: float, chat: bool
    ) -> None:
        self.keeper, self.model, self.asked, self.prompt, self.until, self.chat = (
            keeper,
            model,
            asked,
            prompt,
            until,
            chat,
        )
        self.number = f"{'chatcmpl' if chat else 'cmpl'}-{problems.new_id()}"
        self.how, self.count, self.reason = asked.sampling(), 0, "length"

    async def respond(self, request: Request) -> Response:
        """Return the whole answer, or a stream of it. Raises Problem."""
        texts = self._texts()
        if not self.asked.stream:
            async with aclosing(texts):
                whole = "".join([text async for text in texts])
            self._counted()
            return as_json(self._object(whole))
        first = await anext(texts, None)  # a refusal has its own status: it must come before the stream begins
        number = request.scope[ASKED].number
        return StreamingResponse(self._events(first, texts, number), media_type="text/event-stream")

    def _counted(self) -> None:
        self.keeper.meters.rows.inc()
        self.keeper.sights.rows([{"text": self.model.handler.talk.decode(self.prompt)}])  # type: ignore[attr-defined]

    async def _texts(self) -> AsyncGenerator[str, None]:
        """Yield text as it is written, up to where a text that ends it stands."""
        growing, ends, said = Growing(self.model.handler.talk, self.prompt), self.asked.ends(), 0  # type: ignore[attr-defined]
        assert self.model.writer is not None
        self.model.users += 1
        try:
            async with aclosing(self.model.writer.tokens(self.prompt, self.how, self.until)) as tokens:
                async for token in tokens:
                    self.count += 1
                    growing.add(token)
                    cut = min((at for end in ends if (at := growing.text.find(end)) >= 0), default=-1)
                    if cut >= 0:
                        self.reason = "stop"
                        if cut > said:
                            yield growing.text[said:cut]
                        return
                    ready = len(growing.text) - _held_back(growing.text, ends)
                    if ready > said:
                        yield growing.text[said:ready]
                        said = ready
            growing.add(None)
            if self.count < self.how.max_new_tokens:
                self.reason = "stop"
            if len(growing.text) > said:
                yield growing.text[said:]
        finally:
            self.model.users -= 1
            self.model.close_when_idle()

    async def _events(self, first: str | None, texts: AsyncGenerator[str, None], number: str) -> AsyncIterator[bytes]:
        """Yield server-sent events. A fault after the beginning is an event, as the status has been sent."""
        try:
            if self.chat:
                yield self._event({"role": "assistant", "content": ""}, None)
            if first is not None:
                yield self._event(first, None)
            async with aclosing(texts):
                async for text in texts:
                    yield self._event(text, None)
            yield self._event({} if self.chat else "", self.reason)
            yield b"data: [DONE]\n\n"
            self._counted()
        except Problem as problem:
            yield b"data: " + problems.body(problem, number, "/v1") + b"\n\n"
        except Exception:
            LOG.exception("request %s failed", number)
            yield b"data: " + problems.body(FAULT, number, "/v1") + b"\n\n"

    def _event(self, part: Any, reason: str | None) -> bytes:
        if self.chat:
            choice = {
                "index": 0,
                "delta": part if isinstance(part, dict) else {"content": part},
                "finish_reason": reason,
            }
        else:
            choice = {"index": 0, "text": part, "finish_reason": reason}
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        return f"data: {json.dumps(self._head(kind, choice), ensure_ascii=False)}\n\n".encode()

    def _object(self, text: str) -> dict[str, Any]:
        said: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
        tokens = {"prompt_tokens": len(self.prompt), "completion_tokens": self.count}
        head = self._head(
            "chat.completion" if self.chat else "text_completion", {"index": 0, **said, "finish_reason": self.reason}
        )
        return {**head, "usage": {**tokens, "total_tokens": sum(tokens.values())}}

    def _head(self, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        name = self.keeper.settings.name
        return {"id": self.number, "object": kind, "created": int(time.time()), "model": name, "choices": [choice]}


def _held_back(text: str, ends: list[str]) -> int:
    """Return how many characters at the end may be the beginning of a text that ends the answer."""
    return max((size for end in ends for size in range(1, len(end)) if text.endswith(end[:size])), default=0)
