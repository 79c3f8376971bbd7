"""A small client of the model server: the standard library is enough for one question at a time."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

from ..core.errors import FmError

#: Seconds that an answer may take; the server gives up before that.
PATIENCE = 60.0
#: Seconds before each new try of a server that is just starting a worker.
AGAIN = (0.3, 1.0, 3.0)


class _Busy(FmError):
    """The server is there and has no model at the moment."""


class Client:
    """Asks one server. Raises FmError with the server's own sentence when it refuses."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        # A proxy of the environment must not see what is asked on this machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def predict(self, asked: dict[str, Any]) -> dict[str, Any]:
        """POST /predict and return its answer."""
        found: dict[str, Any] = json.loads(self._ask("/predict", json.dumps(asked).encode()))
        return found

    def text(self, path: str) -> str:
        """GET a path and return its text."""
        return self._ask(path).decode()

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        for wait in AGAIN:
            try:
                return self._once(path, body)
            except _Busy:
                time.sleep(wait)
        return self._once(path, body)

    def _once(self, path: str, body: bytes | None) -> bytes:
        heads = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, body, heads)
        try:
            with self._open(request, timeout=PATIENCE) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            raise (_Busy if error.code == 503 else FmError)(*_words(error)) from None
        except OSError as error:
            raise FmError(f"The server does not answer: {error}.", "%fm_serve --list shows how it stands.") from None


def _words(error: urllib.error.HTTPError) -> tuple[str, str]:
    try:
        said = json.loads(error.read())["error"]
        sentence = said["message"] if isinstance(said, dict) else str(said)
    except (ValueError, KeyError, TypeError):
        sentence = f"The server answered {error.code}."
    retry = error.headers.get("Retry-After")
    return sentence, f"Try again in {retry} s." if retry else ""
