"""Model servers as results: what one says of itself, and the list of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FmError
from ..runtime import serve as serving
from ..store.services import ServiceFolder
from .asking import Client
from .results import Predictions, Shown


class Served(Shown):
    """A model server. Its properties are read when asked, so they are true also after a kernel restart.

    `foreground`: it ends with this process, which should wait for it (`stay`).
    """

    def __init__(self, folder: ServiceFolder, foreground: bool = False, notices: list[str] | None = None) -> None:
        self._folder, self.foreground, self.notices = folder, foreground, notices or []

    @property
    def name(self) -> str:
        return self._folder.record.name

    @property
    def id(self) -> str:
        return self._folder.id

    @property
    def path(self) -> Path:
        return self._folder.path

    @property
    def status(self) -> str:
        """starting, running, stopping, stopped, failed or interrupted."""
        return str(self._folder.state["status"])

    @property
    def url(self) -> str:
        return str(self._folder.state["url"])

    @property
    def pid(self) -> int:
        return int(self._folder.state["pid"])

    @property
    def token(self) -> str:
        """The bearer token. Showing it in a cell would keep it in the notebook."""
        return self._folder.token

    def predict(self, text: str | list[str], top: int = 3, **fields: Any) -> Predictions:
        """Ask the server: predict("text"), or predict(question=..., context=...) where the task wants that."""
        asked = {"text": text, "top": top, **fields}
        return Predictions(self._client().predict({k: v for k, v in asked.items() if v is not None})["predictions"])

    def metrics(self) -> dict[str, Any]:
        """Return what the server has counted: requests, refusals, rows, latency in ms; {} when it does not answer."""
        from ..views.serve_meters import summary

        try:
            return summary(self._client().text("/metrics"), time.time() - float(self._folder.state.get("began", 0)))
        except FmError:
            return {}

    def stop(self) -> Served:
        """End the server when it has answered what it has accepted."""
        serving.stop(self._folder)
        return self

    def stay(self) -> int:
        """Wait until a server in the foreground ends; return its exit status."""
        return serving.stay(self._folder)

    def _client(self) -> Client:
        state = self._folder.state
        if state["status"] != "running":
            raise FmError(
                f"The server {self.name} is {state['status']}.", f"`%fm_serve --restart {self.name}` starts it again."
            )
        return Client(state["url"], self._folder.token)

    def facts(self) -> dict[str, Any]:
        """Return what a card says: record, state and counts, without the token."""
        record, state = self._folder.record, self._folder.state
        return {
            "id": self.id,
            "name": record.name,
            "task": record.task,
            "method": record.method,
            "artifact": record.artifact,
            "on": state.get("on", ""),
            "status": state["status"],
            "url": state["url"],
            "pid": state["pid"],
            "token_file": str(self._folder.path / "token"),
            "restarts": state.get("restarts", 0),
            "workers": [worker["pid"] for worker in state.get("workers", [])],
            "message": state.get("message", ""),
            "fields": (state.get("model") or {}).get("fields", []),
            "metrics": self.metrics() if state["status"] == "running" else {},
            "notices": self.notices,
        }

    def to_json(self) -> dict[str, Any]:
        """Return {"url", "token", "pid", ...}: what the command line prints for programs."""
        record, state = self._folder.record, self._folder.state
        facts = {"id": self.id, "name": record.name, "status": state["status"], "task": record.task}
        return {"url": state["url"], "token": self.token, "pid": state["pid"], **facts, "path": str(self.path)}

    def text(self) -> str:
        from ..views.serve import text

        return text(self.facts())

    def html(self) -> str:
        from ..views.serve import html

        return html(self.facts())


@dataclass(repr=False)
class ServedTable(Shown):
    """The servers of a store, newest first."""

    rows: list[Served]

    def __getitem__(self, index: int) -> Served:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def to_json(self) -> dict[str, Any]:
        return {"services": [row.facts() for row in self.rows]}

    def text(self) -> str:
        from ..views.serve import list_text

        return list_text([row.facts() for row in self.rows])

    def html(self) -> str:
        from ..views.serve import list_html

        return list_html([row.facts() for row in self.rows])
