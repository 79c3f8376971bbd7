"""What a server is told: a small JSON file, so that no secret and no path stands in the list of processes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

#: Holds the token where there is no file for it: the way of containers.
TOKEN_VARIABLE = "FMTOOLS_SERVE_TOKEN"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Options of a server. Times in seconds, `body_limit` in bytes.

    folder: the exported model. token_file: holds the bearer token; "" = nobody is asked for one. workers: processes.
    threads: cores that one inference uses. queue: texts that may wait in a worker. deadline: longest time of a request.
    batching: "auto" groups waiting texts where that was measured to pay. rows: texts a request may have. hosts: names that
    a Host header may have, "*" = any. drain: longest wait for accepted requests when the server ends. state: file that says how it stands;
    beat: file that is touched as a sign of life. windows: folder for what was seen, minute by minute (see sights); "" = none.
    parent: end when this process is gone. sealed: the model's files are not in the folder, but were handed over (see handed).
    keep_sample: texts of a day that are kept, de-identified, beside the settings file (see samples); never of a sealed model.
    """

    folder: str
    name: str = "model"
    host: str = "127.0.0.1"
    port: int = 0
    token_file: str = ""
    workers: int = 1
    threads: int = 1
    queue: int = 128
    deadline: float = 10.0
    body_limit: int = 1_000_000
    rows: int = 256
    batching: Literal["auto", "off"] = "auto"
    hosts: tuple[str, ...] = ()
    drain: float = 30.0
    state: str = ""
    beat: str = ""
    windows: str = ""
    parent: int = 0
    sealed: bool = False
    keep_sample: int = 0

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read a settings file; a relative folder counts from the file."""
        values = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(cls)}
        found: dict[str, Any] = {name: value for name, value in values.items() if name in known}
        found["folder"] = str((path.parent / found["folder"]).resolve())
        return cls(**{**found, "hosts": tuple(found.get("hosts", ()))})

    def write(self, path: Path) -> None:
        """Write a settings file, whole or not at all; only its owner can read it."""
        temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
        os.replace(temporary, path)

    def token(self) -> str:
        """Return the bearer token, of the file, else of the environment; "" when nobody is asked for one."""
        if self.token_file:
            return Path(self.token_file).read_text(encoding="utf-8").strip()
        return os.environ.get(TOKEN_VARIABLE, "").strip()

    def allowed_hosts(self) -> frozenset[str]:
        """Return the names a Host header may have; empty = any. On loopback only its own: a page elsewhere must not reach
        it under a name that it has pointed here."""
        if "*" in self.hosts or (not self.hosts and self.host not in LOOPBACK):
            return frozenset()
        return frozenset((*LOOPBACK, *self.hosts))
