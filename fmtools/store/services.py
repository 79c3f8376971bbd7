"""Model servers: `$FMTOOLS_HOME/services/<ulid>/`.

service.json     what was asked for; replaced when another model is taken in
settings.json    what the server reads (fmtools.serving.settings); a change makes it take in what is named there
token            the bearer token, for its owner's eyes
state.json       how it stands, replaced by the server's supervisor: status, pid, url, workers, restarts
lease-1.json     the supervisor's process, touched as a sign of life
serve.log        what it printed
windows/         what its workers saw, minute by minute, as counts (store.windows)
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.errors import StoreError, from_os_error
from ..core.options import nearest
from . import lease
from .files import private_folder, read_json, write_file, write_json
from .runs import ID, home

RECORD, SETTINGS, STATE, TOKEN, LOG = "service.json", "settings.json", "state.json", "token", "serve.log"
WINDOWS = "windows"


class ServiceRecord(BaseModel):
    """service.json. `folder` is the exported model's, `artifact` the words that were typed for it."""

    model_config = ConfigDict(extra="allow")
    schema_version: int = 1
    id: str
    name: str
    artifact: str
    folder: str
    task: str = ""
    method: str = ""
    created: float
    command: str = ""
    options: dict[str, Any] = {}


class ServiceFolder:
    """One server on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    @classmethod
    def create(cls, record: ServiceRecord, settings: dict[str, Any], root: Path | None = None) -> ServiceFolder:
        """Make the folder of a new server, with a new token, whole or not at all. Raises StoreError."""
        services = (root or home()) / "services"
        final, stage = services / record.id, services / f".tmp-{record.id}"
        paths = {"token_file": TOKEN, "state": STATE, "beat": "lease-0001.json", "windows": WINDOWS}
        kept = {name: str(final / file) for name, file in paths.items()}
        try:
            write_json(private_folder(stage) / RECORD, record.model_dump(mode="json"))
            write_json(stage / SETTINGS, {**settings, **kept})
            write_file(stage / TOKEN, secrets.token_urlsafe(32).encode())
            os.rename(stage, final)
        except OSError as error:
            shutil.rmtree(stage, ignore_errors=True)
            raise from_os_error(error, "make the server's folder") from None
        return cls(final)

    @property
    def record(self) -> ServiceRecord:
        """What was asked for. Raises StoreError when it is damaged."""
        try:
            return ServiceRecord.model_validate(read_json(self.path / RECORD))
        except (ValidationError, FileNotFoundError):
            raise StoreError(
                f"{self.path / RECORD} is damaged.", "The other servers are not touched by this."
            ) from None

    @property
    def state(self) -> dict[str, Any]:
        """How it stands: {"status", "pid", "port", "url", "workers", "restarts", "message", "model"}.

        A server that died without a word reads as `interrupted`.
        """
        alive = self.alive()  # looked at first: what is read afterwards is all there will be
        try:
            found: dict[str, Any] = read_json(self.path / STATE)
        except (StoreError, OSError):
            found = {"status": "starting", "pid": 0, "port": 0, "url": "", "message": ""}
        if not alive and found["status"] in ("starting", "running", "stopping"):
            found["status"] = "interrupted"
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """What the server reads. Raises StoreError when it is damaged."""
        found: dict[str, Any] = read_json(self.path / SETTINGS)
        return found

    @property
    def token(self) -> str:
        return (self.path / TOKEN).read_text(encoding="utf-8").strip()

    @property
    def log(self) -> Path:
        return self.path / LOG

    def alive(self) -> bool:
        """Say whether its supervisor is there."""
        return lease.alive(self.path)

    def end(self) -> bool:
        """Tell its supervisor to end when it has answered what it accepted; False when there is none. Raises StoreError for
        one on another machine."""
        return lease.tell(self.path, signal.SIGTERM)

    def replace(self, record: ServiceRecord, settings: dict[str, Any]) -> None:
        """Name another model, or other settings: a server at work takes the model in without dropping a request."""
        write_json(self.path / RECORD, record.model_dump(mode="json"))
        write_json(self.path / SETTINGS, {**read_json(self.path / SETTINGS), **settings})


def service_ids(root: Path | None = None) -> list[str]:
    """Return the ids of all servers, newest first."""
    folder = (root or home()) / "services"
    return sorted((p.name for p in folder.glob("*") if ID.fullmatch(p.name) and p.is_dir()), reverse=True)


def services(root: Path | None = None) -> list[ServiceFolder]:
    """Return all servers, newest first, those that ended too; one that cannot be read hides no other."""
    found = []
    for name in service_ids(root):
        folder = ServiceFolder((root or home()) / "services" / name)
        try:
            _ = folder.record
        except (StoreError, OSError):
            continue
        found.append(folder)
    return found


def open_service(service_id: str, root: Path | None = None) -> ServiceFolder:
    """Open a server by its full id. Raises StoreError when there is none."""
    path = (root or home()) / "services" / service_id
    if not ID.fullmatch(service_id) or not path.is_dir() or path.is_symlink():
        raise StoreError(f"There is no server {service_id[:40]!r}.", "%fm_serve --list lists them.")
    return ServiceFolder(path)


def find_service(word: str, root: Path | None = None) -> ServiceFolder:
    """Open a server by id, beginning of an id, name, or `last`; of a name the one that is alive, else the newest."""
    known = services(root)
    if not known:
        raise StoreError("There are no servers yet.", "`%fm_serve RUN` starts one.")
    if word == "last":
        return next((one for one in known if one.alive()), known[0])
    fits = [one for one in known if one.record.name == word or (len(word) >= 4 and one.id.startswith(word.upper()))]
    if not fits:
        guess = nearest(word, [one.record.name for one in known])
        cure = f"Did you mean {guess}?" if guess else "%fm_serve --list lists them."
        raise StoreError(f"There is no server {word!r}.", cure)
    return next((one for one in fits if one.alive()), fits[0])
