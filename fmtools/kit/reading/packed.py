"""Compressed files: gzip, bzip2, xz and zip archives with one file in them, read as a stream with a bound.

A few kilobytes can unfold to gigabytes. What is read may be UNFOLDS times as large as the file, and MAX_UNFOLDED at most.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from ...core.errors import DataError

PACKED = (".gz", ".bz2", ".xz", ".zip")
#: Text shrinks to a tenth, very regular text to a fiftieth; what unfolds further is no data.
UNFOLDS, ALWAYS_ALLOWED, MAX_UNFOLDED = 100, 16 << 20, 64 << 30
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def inner_name(path: Path) -> str:
    """Return the name of the file that is packed in `path`: reviews.csv of reviews.csv.gz; without packing the own name."""
    ending = path.suffix.lower()
    if ending not in PACKED:
        return path.name
    if ending == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                members = _members(archive)
        except (*_DAMAGED, ValueError):
            members = []
        if len(members) == 1:
            return Path(members[0].filename).name
    return path.stem


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return an archive's files, without what desktops put beside them."""
    return [
        member
        for member in archive.infolist()
        if not member.is_dir() and "__MACOSX/" not in member.filename and Path(member.filename).name[:1] != "."
    ]


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, unpacked where its name says that it is packed. Raises DataError for what cannot be opened.

    Reading from it raises DataError when the packing is damaged, or unfolds beyond its bound.
    """
    ending = path.suffix.lower()
    try:
        size = path.stat().st_size
        if ending not in PACKED:
            return path.open("rb")
        stream: Any = _unpacker(path, ending)
    except _DAMAGED as error:
        raise _unreadable(path, error) from None
    bound = min(MAX_UNFOLDED, max(ALWAYS_ALLOWED, UNFOLDS * size))
    return io.BufferedReader(_Bounded(stream, path, bound), 1 << 18)


def _unpacker(path: Path, ending: str) -> Any:
    if ending == ".gz":
        return gzip.open(path)
    if ending == ".bz2":
        return bz2.open(path)
    if ending == ".xz":
        return lzma.open(path)
    archive = zipfile.ZipFile(path)
    members = _members(archive)
    if len(members) != 1:
        names = ", ".join(member.filename for member in members[:5]) or "none"
        raise DataError(f"{path.name} holds {len(members):,} files ({names}), not one.", "Unpack it, then name a file.")
    return archive.open(members[0])


def _unreadable(path: Path, error: BaseException) -> DataError:
    why = str(getattr(error, "strerror", None) or error or "it ends too early").rstrip(".")
    if "password" in why or "encrypted" in why:
        return DataError(f"{path.name} is locked with a password.", "Unpack it, then name the file.")
    if isinstance(error, OSError) and error.errno is not None:
        return DataError(f"{path.name} cannot be read: {why.lower()}.", "Check the path and its permissions.")
    return DataError(f"{path.name} cannot be unpacked: {why}.", "It may be cut or damaged: fetch or pack it again.")


class _Bounded(io.RawIOBase):
    """A stream that counts what it gives, and says in a sentence what is wrong with the packing."""

    def __init__(self, stream: Any, path: Path, bound: int) -> None:
        self._stream, self._path, self._left, self._bound = stream, path, bound, bound

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(min(len(buffer), self._left + 1))
        except _DAMAGED as error:
            raise _unreadable(self._path, error) from None
        self._left -= len(data)
        if self._left < 0:
            cause = f"{self._path.name} unfolds to more than {self._bound >> 20:,} MiB."
            raise DataError(cause, "Unpack it yourself, if it is what you think it is, then name the file.")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
