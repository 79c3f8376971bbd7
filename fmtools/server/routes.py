"""The routes under <base_url>fmtools/api/; docs/architecture.md lists them. A GET changes nothing."""

from __future__ import annotations

from pydantic import ValidationError

from ..core.events import Control
from ..core.wire import ControlReply, ControlRequest
from ..views.follow import Place
from . import artifacts, serve, services
from .access import Api, Refusal, guarded, run_id

_WANTED = 'Send {"action": "pause", "resume", "stop" or "set_learning_rate", "value": number}.'
_ROOT = r"/fmtools/api"
_RUN = rf"{_ROOT}/runs/([^/]*)"


class Runs(Api):
    """GET runs: the `RunList`."""

    @guarded("read")
    async def get(self) -> None:
        """Answer all runs of the store, newest first."""
        self.answer(await self.look(self.book.list_json))


class Run(Api):
    """GET runs/ID: what was asked for, and the present state."""

    @guarded("read")
    async def get(self, word: str) -> None:
        """Answer {"run": run.json, "head": Head}."""
        self.answer(await self.look(self.book.run_json, run_id(word)))


class Events(Api):
    """GET runs/ID/events?since=SEQ&generation=G: an `Increment`."""

    @guarded("read")
    async def get(self, word: str) -> None:
        """Answer what happened after `since` (default 0: everything)."""
        since, generation = self.number("since"), self.number("generation")
        self.answer(await self.look(self.book.increment_json, run_id(word), since or 0, generation))


class Attention(Api):
    """GET runs/ID/attention/SEQ?layer=L&head=H: uint8 bytes."""

    @guarded("read")
    async def get(self, word: str, seq: str) -> None:
        """Answer [layers, heads, n, n], or [n, n] of one layer and head; 255 = 1.0."""
        layer, head = self.number("layer"), self.number("head")
        if (layer is None) != (head is None):
            raise Refusal(400, "layer and head go together.")
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 15):
            raise Refusal(404, "The run has no such attention snapshot.")
        place, data = await self.look(self.book.frame, run_id(word), int(seq))
        if layer is not None and head is not None:
            data = _slice(place, data, layer, head)
        for name, value in (("Layers", place.layers), ("Heads", place.heads), ("Size", place.size)):
            self.set_header(f"X-FM-{name}", str(value))
        self.finish(data, set_content_type="application/octet-stream")


def _slice(place: Place, data: bytes, layer: int, head: int) -> bytes:
    if layer >= place.layers or head >= place.heads:
        raise Refusal(400, f"The snapshot has {place.layers} layers and {place.heads} heads, counted from 0.")
    cell = place.size**2
    start = (layer * place.heads + head) * cell
    return data[start : start + cell]


class ControlRun(Api):
    """POST runs/ID/control with a `ControlRequest`: a wish that the worker reads at its next step's end."""

    @guarded("write")
    async def post(self, word: str) -> None:
        """Answer 202 and a `ControlReply`; 409 when the run has ended."""
        control_id = await self.look(self.book.control, run_id(word), _wish(self.body))
        self.answer(ControlReply(control_id=control_id).model_dump_json(), 202)


def _wish(body: bytes) -> Control:
    try:
        asked = ControlRequest.model_validate_json(body, strict=True)
    except ValidationError:
        raise Refusal(400, _WANTED) from None
    try:
        return Control(action=asked.action, value=asked.value, by="lab")
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise Refusal(400, said[0].upper() + said[1:] + ".") from None


class Nothing(Api):
    """Everything else under fmtools/api."""

    @guarded("read")
    async def get(self, *_: str) -> None:
        """Answer 404."""
        raise Refusal(404, "There is no such route.")

    @guarded("write")
    async def post(self, *_: str) -> None:
        """Answer 404."""
        raise Refusal(404, "There is no such route.")


def routes() -> list[tuple[str, type[Api]]]:
    """Return the patterns, without the base URL, and their handlers."""
    return [
        (rf"{_ROOT}/runs", Runs),
        (_RUN, Run),
        (rf"{_RUN}/events", Events),
        (rf"{_RUN}/attention/([^/]*)", Attention),
        (rf"{_RUN}/control", ControlRun),
        *artifacts.routes(),
        *services.routes(),
        (rf"{_ROOT}(/.*)?", Nothing),
        *serve.routes(),
    ]
