"""What runs were exported to, and the bytes of those files: what the browser needs to run a model itself.

Only files that a sealed folder's MANIFEST.json lists are handed out, as they lie, and never through a link.
"""

from __future__ import annotations

import json
import os
import re
import stat
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from tornado.iostream import StreamClosedError

from ..core import manifest
from ..core.errors import StoreError
from ..store.exported import about
from ..store.files import MANIFEST, read_json
from ..store.runs import ID, open_run
from .access import Api, Refusal, guarded, run_id

_ROOT = r"/fmtools/api"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: Bytes that are read and sent at a time.
CHUNK = 1 << 20
_NO_FILE = "The run has no such file."


class Exports(Api):
    """GET exports: {"exports": {run id: [{"name", "format", "task", "method", "bytes"}]}}, newest first."""

    @guarded("read")
    async def get(self) -> None:
        """Answer what each run of the store was exported to."""
        self.answer(await self.look(_listed, self.book.home))


class ArtifactFile(Api):
    """GET runs/ID/artifacts/NAME/files/PATH: the bytes of a file that the artifact's manifest lists, or the manifest."""

    @guarded("read")
    async def get(self, word: str, name: str, path: str) -> None:
        """Send the file piece by piece: a model is larger than what one would hold in memory."""
        file, size = await self.look(_opened, self.book.home, run_id(word), name, path)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(size))
        self.set_header("X-Content-Type-Options", "nosniff")
        with file:
            while chunk := await self.look(file.read, CHUNK):
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:
                    return
        await self.finish(set_content_type="application/octet-stream")


def _opened(home: Path, run: str, name: str, path: str) -> tuple[BinaryIO, int]:
    """Open a listed file; return it and its size in bytes. Raises Refusal."""
    folder = open_run(run, home).path / "artifacts" / name
    if _NAME.fullmatch(name) is None or folder.is_symlink() or not folder.is_dir():
        raise Refusal(404, "The run has no such artifact.")
    size = _promised(folder, path)
    place = folder / path
    if place.resolve() != folder.resolve() / path:  # a link, somewhere on the way
        raise Refusal(404, _NO_FILE)
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        raise Refusal(404, _NO_FILE) from None
    file = os.fdopen(descriptor, "rb")
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or size not in (None, found.st_size):
        file.close()
        raise Refusal(422, "The file is not the one that was sealed.")
    return file, found.st_size


def _promised(folder: Path, path: str) -> int | None:
    """Return the size that the manifest says of a file, None for the manifest itself. Raises Refusal."""
    if path == MANIFEST:
        return None
    sealed = _manifest(folder)
    listed = sealed.get("files") or {}
    entry = listed.get(path) if isinstance(listed, dict) else None
    if not isinstance(entry, dict) or not _inside(path):
        raise Refusal(404, _NO_FILE)
    if not manifest.is_whole(sealed):
        raise Refusal(422, "The artifact's manifest is damaged.")
    return int(entry.get("bytes", -1))


def _inside(path: str) -> bool:
    """Say whether a manifest's path stays in its folder; a stranger may have written it."""
    return not re.search(r"[\\:\x00-\x1f]", path) and all(part not in ("", ".", "..") for part in path.split("/"))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = read_json(folder / MANIFEST)
    except (StoreError, OSError):
        raise Refusal(404, _NO_FILE) from None
    return found if isinstance(found, dict) else {}


def _listed(home: Path) -> str:
    runs = (path for path in sorted((home / "runs").glob("*"), reverse=True) if ID.fullmatch(path.name))
    found = {run.name: exports for run in runs if (exports := _exports(run / "artifacts"))}
    return json.dumps({"exports": found})


def _exports(folder: Path) -> list[dict[str, Any]]:
    try:
        inside = [entry for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
    except OSError:
        return []
    dated = [(date, Path(entry.path)) for entry in inside if (date := _date(Path(entry.path)))]
    return [fact for date, path in sorted(dated, reverse=True) if (fact := _fact(path, date))]


def _date(folder: Path) -> int:
    try:
        return (folder / "fmtools.json").stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4096)
def _fact(folder: Path, date: int) -> dict[str, Any]:
    """Return what a list says of an export; {} when it cannot be read. `date`: what is kept is of that moment."""
    del date
    said = about(folder)
    if not said:
        return {}
    try:
        sealed = _manifest(folder)
    except Refusal:
        return {}
    facts = {name: str(said.get(name) or "") for name in ("format", "task", "method")}
    return {"name": folder.name, **facts, "bytes": int(sealed.get("bytes") or 0)}


def routes() -> list[tuple[str, type[Api]]]:
    """Return the patterns, without the base URL, and their handlers."""
    file = rf"{_ROOT}/runs/([^/]*)/artifacts/([^/]*)/files/(.*)"
    return [(rf"{_ROOT}/exports", Exports), (file, ArtifactFile)]
