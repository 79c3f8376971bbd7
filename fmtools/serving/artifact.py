"""An exported model's folder: what fmtools.json and the hub's files say of it. Nothing of it is executed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .problems import BadArtifact

ABOUT = "fmtools.json"
#: Larger descriptions are not descriptions.
LARGEST = 4_000_000


@dataclass(frozen=True)
class Artifact:
    """A folder and its fmtools.json. `config` is the hub's config.json, {} where there is none."""

    folder: Path
    about: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Artifact:
        """Read a folder's descriptions. Raises BadArtifact for what is no exported model."""
        about = _read(folder, ABOUT)
        if about is None:
            raise BadArtifact("The folder has no fmtools.json: it is not an exported model.")
        if about.get("format") != "onnx" or not isinstance(about.get("task"), str):
            raise BadArtifact("The folder's fmtools.json does not describe an ONNX model.")
        return cls(folder, about, _read(folder, "config.json") or {})

    @property
    def task(self) -> str:
        return str(self.about["task"])

    @property
    def name(self) -> str:
        return str(self.about.get("name") or "model")

    @property
    def key(self) -> str:
        """Return a few characters that tell models apart: what its card says, hashed."""
        return hashlib.sha256(json.dumps(self.about, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self.about.get("labels") or []]

    @property
    def max_length(self) -> int:
        return int(self.about.get("max_length") or 512)

    @property
    def pad_id(self) -> int:
        return int(self.about.get("pad_id") or 0)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return a JSON file of the folder; None when it is not there. Raises BadArtifact when it is damaged."""
        return _read(self.folder, name)

    def path(self, kind: str) -> Path:
        """Return the path of one of the `files` of fmtools.json. Raises BadArtifact for one outside of the folder."""
        name = (self.about.get("files") or {}).get(kind)
        if not isinstance(name, str):
            raise BadArtifact(f"The folder's fmtools.json names no file for {kind!r}.")
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise BadArtifact(f"The folder's fmtools.json names a file outside of the folder: {name!r}.")
        if not path.is_file():
            raise BadArtifact(f"The folder lacks its file {name!r}.")
        return path


def _read(folder: Path, name: str) -> dict[str, Any] | None:
    path = folder / name
    try:
        if path.stat().st_size > LARGEST:
            raise BadArtifact(f"{name} is too large to be a description.")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BadArtifact(f"{name} cannot be read: {type(error).__name__}.") from None
    if not isinstance(value, dict):
        raise BadArtifact(f"{name} should be a JSON object.")
    return value
