"""serve: models behind HTTP - start, list, stop, restart, ask."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FmError, OptionError, StoreError
from ..core.options import ExportOptions, ServeOptions
from ..runtime import sealing
from ..runtime import serve as serving
from ..runtime.vetted import in_memory, vetted
from ..runtime.wait import Follower, Silent
from ..store.exported import about, find_exported
from ..store.files import new_id
from ..store.runs import find_run, home
from ..store.services import ServiceFolder, ServiceRecord, find_service, services
from .asking import Client
from .export import export
from .results import Predictions, Shown

#: Options that a server's settings take as they are.
_PLAIN = ("port", "host", "workers", "threads", "queue", "deadline", "batching")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


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


def serve(options: ServeOptions, follower: Follower) -> Served | ServedTable:
    """Start a server and return when its model has computed once; or list, stop, restart, replace."""
    foreground = not options.background and getattr(follower, "stays", False)
    asked = [name for name in ("list_", "stop", "restart", "replace") if getattr(options, name)]
    if len(asked) > 1:
        raise OptionError("--list, --stop, --restart and --replace are asked for one at a time.", "")
    if options.list_:
        return ServedTable([Served(one) for one in services()])
    if options.stop:
        return Served(find_service(options.stop)).stop()
    if options.replace:
        return _replace(find_service(options.replace), options)
    serving.check()
    if options.restart:
        return _restart(find_service(options.restart), options.key_file)
    return _begin(options, foreground)


def _begin(options: ServeOptions, foreground: bool) -> Served:
    said: list[str] = []
    folder = _exported(options.artifact, said)
    files = in_memory(folder, options.key_file)
    folder = vetted(folder) if files is None else folder
    if options.host not in LOOPBACK:
        said.append(f"The server listens at {options.host}: whoever reaches it and has the token can ask it.")
    record = _record(options, folder)
    service = ServiceFolder.create(record, {**_settings(options, record), "sealed": files is not None})
    if foreground:
        service.replace(record, {"parent": os.getpid()})
    serving.start(service, files)
    return Served(service, foreground, said)


def _record(options: ServeOptions, folder: Path) -> ServiceRecord:
    facts, service_id = about(folder), new_id()
    return ServiceRecord(
        id=service_id,
        name=_free_name(options.name or str(facts.get("name") or folder.name)),
        artifact=options.artifact,
        folder=str(folder),
        task=str(facts.get("task") or ""),
        method=str(facts.get("method") or ""),
        created=time.time(),
        command=options.command,
        options=options.model_dump(mode="json", include=set(_PLAIN)),
    )


def _settings(options: ServeOptions, record: ServiceRecord) -> dict[str, Any]:
    plain = {name: getattr(options, name) for name in _PLAIN}
    return {**plain, "folder": record.folder, "name": record.name, "body_limit": int(options.body * 1_000_000)}


def _free_name(wanted: str) -> str:
    """Return a name that no running server has: the one wanted, or with a number behind it."""
    taken = {one.record.name for one in services() if one.alive()}
    return next(name for name in [wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))] if name not in taken)


def _exported(word: str, said: list[str]) -> Path:
    """Return an exported model's folder; a run that was never exported is exported now. Raises FmError."""
    try:
        return find_exported(word, home())
    except StoreError:
        if "/" in word:
            raise
        run = find_run(word)
    done = export(ExportOptions.parse({"run": run.id}), Silent())
    said.append(
        f"{run.record.name} was written as ONNX first: largest difference of an output {done.max_abs_diff:.2g}."
    )
    return done.path


def _in_the_clear(word: str, said: list[str]) -> Path:
    """Return the folder that a server at work is to take in; one that was not written here is checked before anything reads
    it. Raises FmError, for an encrypted one too: its files are handed over when a server starts."""
    folder = _exported(word, said)
    if sealing.is_sealed(folder):
        raise FmError(
            "A server at work cannot take an encrypted model in.",
            "Stop it (%fm_serve --stop), then serve the model anew.",
        )
    return vetted(folder)


def _restart(service: ServiceFolder, key_file: str | None) -> Served:
    """Start one that has ended; let one at work take its model in anew, as its files may have changed."""
    folder = Path(service.record.folder)
    if service.alive():
        service.replace(service.record, {"folder": str(_in_the_clear(service.record.folder, [])), "sealed": False})
        serving.taken_in(service)
    else:
        files = in_memory(folder, key_file)
        if files is None:
            vetted(folder)  # its files may be others than those that were served before
        service.replace(service.record, {"parent": 0, "sealed": files is not None})
        serving.start(service, files)
    return Served(service)


def _replace(service: ServiceFolder, options: ServeOptions) -> Served:
    if not service.alive():
        raise FmError(f"The server {service.record.name} does not run.", f"`%fm_serve --restart {service.record.name}`")
    said: list[str] = []
    folder, old = _in_the_clear(options.artifact, said), service.record
    sealed = bool(service.settings.get("sealed"))
    facts = about(folder)
    new = old.model_copy(
        update={
            "artifact": options.artifact,
            "folder": str(folder),
            "task": str(facts.get("task") or ""),
            "method": str(facts.get("method") or ""),
        }
    )
    service.replace(new, {"folder": new.folder, "sealed": False})
    try:
        serving.taken_in(service)
    except FmError:
        service.replace(
            old, {"folder": old.folder, "sealed": sealed}
        )  # a worker that is started anew must find a model that works
        raise
    return Served(service, notices=said)
