"""An exported model's folder: what fmtools.json and the hub's files say of it. Nothing of it is executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .problems import BadArtifact

ABOUT = "fmtools.json"
#: The part of an encoder-decoder that reads.
ENCODER = "encoder_model"
#: Larger descriptions are not descriptions.
LARGEST = 4_000_000


@dataclass(frozen=True)
class Artifact:
    """A folder and its fmtools.json. `config` is the hub's config.json, {} where there is none.

    files: the folder's files by name, where they lie in memory alone.
    """

    folder: Path
    about: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, folder: Path, files: Mapping[str, bytes] | None = None) -> Artifact:
        """Read a folder's descriptions. Raises BadArtifact for what is no exported model."""
        about = _read(folder, files, ABOUT)
        if about is None:
            raise BadArtifact("The folder has no fmtools.json: it is not an exported model.")
        if about.get("format") != "onnx" or not isinstance(about.get("task"), str):
            raise BadArtifact("The folder's fmtools.json does not describe an ONNX model.")
        return cls(folder, about, _read(folder, files, "config.json") or {}, files)

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
        return _read(self.folder, self.files, name)

    def content(self, name: str) -> bytes | None:
        """Return a file of the folder; None when it is not there."""
        return _content(self.folder, self.files, name)

    @property
    def whole(self) -> bool:
        """Whether the model is one function, not an encoder with its decoder."""
        return "model" in (self.about.get("files") or {}) or ENCODER not in (self.about.get("files") or {})

    def model(self, kind: str) -> Path | bytes:
        """Return one of the `files` of fmtools.json: its path, or what is in it. Raises BadArtifact for one outside of the
        folder."""
        name = (self.about.get("files") or {}).get(kind)
        if not isinstance(name, str):
            raise BadArtifact(f"The folder's fmtools.json names no file for {kind!r}.")
        if self.files is not None:
            if name not in self.files:
                raise BadArtifact(f"The folder lacks its file {name!r}.")
            return self.files[name]
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise BadArtifact(f"The folder's fmtools.json names a file outside of the folder: {name!r}.")
        if not path.is_file():
            raise BadArtifact(f"The folder lacks its file {name!r}.")
        return path


def _content(folder: Path, files: Mapping[str, bytes] | None, name: str, limit: int = 0) -> bytes | None:
    if files is not None:
        found = files.get(name)
        size = len(found or b"")
    else:
        path = folder / name
        if not path.is_file():
            return None
        size, found = path.stat().st_size, None
    if limit and size > limit:
        raise BadArtifact(f"{name} is too large to be a description.")
    return found if files is not None else (folder / name).read_bytes()


def _read(folder: Path, files: Mapping[str, bytes] | None, name: str) -> dict[str, Any] | None:
    try:
        content = _content(folder, files, name, LARGEST)
        if content is None:
            return None
        value = json.loads(content.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise BadArtifact(f"{name} cannot be read: {type(error).__name__}.") from None
    if not isinstance(value, dict):
        raise BadArtifact(f"{name} should be a JSON object.")
    return value
