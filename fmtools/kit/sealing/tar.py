"""A folder as one stream of bytes, the same every time, and back into memory: what is inside an encrypted file."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import DataError

LABEL = "fmtools-sealed.json"
CHUNK = 1 << 20


class TarStream(io.RawIOBase):
    """Reads as a tar archive: the label first, then every plain file of a folder in the order of their names.

    `files` maps names to paths, or to bytes.
    """

    def __init__(self, label: Mapping[str, Any], files: Mapping[str, Path | bytes]) -> None:
        self._parts, self._rest = _parts({LABEL: json.dumps(label, sort_keys=True).encode(), **files}), b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, all when size is negative; b"" at the end."""
        if size is None or size < 0:
            whole, self._rest = b"".join((self._rest, *self._parts)), b""
            return whole
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def plain_files(folder: Path) -> dict[str, Path | bytes]:
    """Return the files of a folder by name, in order. Raises DataError for links: what they lead to is not the user's word."""
    found: dict[str, Path | bytes] = {}
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise DataError(f"{path} is a link or no plain file.", "Put a copy of the file there.")
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = path
    return found


def _parts(files: Mapping[str, Path | bytes]) -> Iterator[bytes]:
    for name, source in files.items():
        info = tarfile.TarInfo(name)
        info.mode, info.size = 0o600, len(source) if isinstance(source, bytes) else source.stat().st_size
        yield info.tobuf(tarfile.PAX_FORMAT)
        done = 0
        for chunk in [source] if isinstance(source, bytes) else _chunks(source):
            done += len(chunk)
            yield chunk
        if done != info.size:
            raise DataError(f"{name} changed while it was read.", "Nothing was written. Try again.")
        yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _chunks(path: Path) -> Iterator[bytes]:
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return (label, files by name) of what TarStream gave. Raises ValueError for anything else."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            content = archive.extractfile(info)
            strange = not info.isreg() or content is None or info.name.startswith("/") or ".." in info.name.split("/")
            if strange or info.name in files:
                raise ValueError("not an archive of fmtools")
            assert content is not None
            files[info.name] = content.read()
    label = json.loads(files.pop(LABEL))
    if not isinstance(label, dict):
        raise ValueError("no label")
    return label, files
