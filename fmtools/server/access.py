"""Who may ask what, and how refusals read: the base of every route.

Each verb of each route is authenticated and authorized, also those it does not have; answers that are not 2xx are
`ApiError`s and carry neither a path nor a traceback.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..core.errors import StoreError
from ..core.wire import ApiError
from ..store.runs import ID
from . import BOOK
from .follow import Ended, RunBook

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])
Verb = Callable[..., Awaitable[None] | None]
RESOURCE = "fmtools"
#: Longest body taken, in bytes: a control request has less than a hundred.
LONGEST_BODY = 64 * 1024
#: The disk is read here, so that a slow one never holds the event loop up.
POOL = ThreadPoolExecutor(max_workers=4, thread_name_prefix="fmtools-routes")
_NUMBER = re.compile(r"[0-9]{1,15}")


class Refusal(web.HTTPError):
    """An answer that is not 2xx, with a sentence fit for the user."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence.replace("%", "%%"))
        self.sentence = sentence


def guarded(action: str) -> Callable[[Method], Method]:
    """Ask for a login and for the permission to `action` ("read", "write") on the resource "fmtools"."""

    def wrap(method: Method) -> Method:
        return web.authenticated(authorized(action, resource=RESOURCE)(method))  # type: ignore[return-value]

    return wrap


@web.stream_request_body
class Api(APIHandler):
    """A route. Verbs it does not define answer 405, after login and permission."""

    auth_resource = RESOURCE
    body = b""
    longest_body = LONGEST_BODY

    async def prepare(self) -> None:  # type: ignore[override]
        """Check the login as every Jupyter route does, then refuse bodies that are too long before reading them."""
        self.request.connection.set_max_body_size(self.longest_body)  # type: ignore[union-attr]
        await super().prepare()
        length = self.request.headers.get("Content-Length", "0")
        if _NUMBER.fullmatch(length) is None or int(length) > self.longest_body:
            raise Refusal(413, "The request's body is too long.")

    def data_received(self, chunk: bytes) -> None:
        """Collect the body; the connection ends it at its limit."""
        self.body += chunk

    @guarded("read")
    async def _refuse_reading(self, *_: str) -> None:
        raise Refusal(405, "This route does not know that method.")

    @guarded("write")
    async def _refuse_writing(self, *_: str) -> None:
        raise Refusal(405, "This route does not know that method.")

    get: Verb = _refuse_reading
    head: Verb = _refuse_reading
    options: Verb = _refuse_reading  # type: ignore[assignment]
    post: Verb = _refuse_writing
    put: Verb = _refuse_writing
    patch: Verb = _refuse_writing
    delete: Verb = _refuse_writing

    @property
    def book(self) -> RunBook:
        book: RunBook = self.settings[BOOK]
        return book

    def set_default_headers(self) -> None:
        """Nothing of a run is kept by browsers or proxies."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def number(self, name: str) -> int | None:
        """Return a query parameter as a whole number from 0; None when it is absent. Anything else is refused."""
        values = self.request.query_arguments.get(name, [])
        if not values:
            return None
        word = values[0].decode("latin-1")
        if len(values) > 1 or _NUMBER.fullmatch(word) is None:
            raise Refusal(400, f"{name} should be one whole number from 0.")
        return int(word)

    async def look(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run `work` in the pool and turn what it raises into a refusal."""
        try:
            return await asyncio.get_running_loop().run_in_executor(POOL, functools.partial(work, *arguments))
        except Ended as error:
            raise Refusal(409, str(error)) from None
        except StoreError as error:
            self.log.debug("fmtools: %s", error)
            raise _worded(error) from None
        except OSError as error:
            self.log.warning("fmtools: the store cannot be read: %s", error)
            raise Refusal(503, "The run store cannot be read or written at the moment.") from None

    def answer(self, text: str, status: int = 200) -> None:
        """Send JSON text."""
        self.set_status(status)
        self.finish(text)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every refusal is an `ApiError`; only sentences of our own are passed on."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        try:
            phrase = HTTPStatus(status_code).phrase
        except ValueError:
            phrase = "Error"
        sentence = error.sentence if isinstance(error, Refusal) else f"{phrase}."
        self.finish(ApiError(error=sentence).model_dump_json())


def _worded(error: StoreError) -> Refusal:
    """Word an error of the store without the paths that its own text may name."""
    if "snapshot" in error.cause:
        return Refusal(404, "The run has no such attention snapshot.")
    if "newer fmtools" in error.cause:
        return Refusal(422, "The run was written by a newer fmtools: update to read it.")
    if "damaged" in error.cause:
        return Refusal(422, "The run's run.json is damaged; the other runs are not touched by this.")
    return Refusal(404, "There is no such run.")


def run_id(word: str) -> str:
    """Return `word` if it is a run's id; refuse it, without touching the disk, if not."""
    if ID.fullmatch(word) is None:
        raise Refusal(404, "There is no such run.")
    return word
