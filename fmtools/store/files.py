"""Files that are either whole or not there: write beside, flush, rename, flush the folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from ulid import ULID

from ..core import manifest
from ..core.errors import StoreError

MANIFEST = "MANIFEST.json"
#: Beginning of the name of a folder that is being replaced; "-" and a ULID follow the name proper.
_OLD = ".old-"


def new_id() -> str:
    """Return a fresh ULID: sorts by time of creation."""
    return str(ULID())


def private_folder(path: Path) -> Path:
    """Make a folder only its owner can read; its missing parents too."""
    if not path.is_dir():
        if path.parent != path:
            private_folder(path.parent)  # mkdir(parents=True) would give the parents the user's default mode
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def sync_folder(path: Path) -> None:
    """Flush a folder's entries, where the platform can (Windows cannot, and needs not)."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, also when the system takes them in parts."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, atomically: readers see the old content or the new, whole."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}-{new_id()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically; NaN is not allowed in it."""
    write_file(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode())


def read_bytes(path: Path) -> bytes:
    """Read a file; network disks may say ESTALE once while it is replaced, so ask again."""
    for attempt in range(3):
        try:
            return path.read_bytes()
        except OSError as error:
            if error.errno != errno.ESTALE or attempt == 2:
                raise
            time.sleep(0.05)
    raise AssertionError("unreachable")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises StoreError, naming the file, when it is damaged; FileNotFoundError when absent."""
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise StoreError(f"{path} is damaged ({error}).", "The other runs are not touched by this.") from None


def sha256_file(path: Path) -> str:
    """Return a file's sha256 as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink() and p.name != MANIFEST)


def seal(folder: Path, about: dict[str, Any]) -> int:
    """Flush every file of `folder` and write its MANIFEST.json; return the size in bytes.

    The digest is taken from what is read back, after the flush: a checkpoint is called good for what lies on the disk.
    """
    entries: dict[str, dict[str, Any]] = {}
    for path in _files(folder):
        os.chmod(path, 0o600)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        entries[path.relative_to(folder).as_posix()] = {"sha256": sha256_file(path), "bytes": path.stat().st_size}
    size = sum(int(entry["bytes"]) for entry in entries.values())
    write_json(
        folder / MANIFEST, manifest.signed({"version": manifest.VERSION, **about, "bytes": size, "files": entries})
    )
    for inner in {p.parent for p in _files(folder)}:
        sync_folder(inner)
    return size


def publish(stage: Path, final: Path) -> None:
    """Give a sealed folder its final name. An older folder of that name is set aside, and deleted only afterwards.

    A process killed between the two renames leaves the old folder under its .old- name; `sweep` gives it back.
    """
    old = final.with_name(f"{_OLD}{final.name}-{new_id()}")
    if replaces := final.exists():
        os.rename(final, old)
    try:
        os.rename(stage, final)
    except OSError:
        if replaces:
            os.rename(old, final)
        raise
    sync_folder(final.parent)
    if replaces:
        shutil.rmtree(old, ignore_errors=True)


def discard(folder: Path) -> None:
    """Delete a folder so that a half-deleted one never bears its name."""
    trash = folder.with_name(f".trash-{folder.name}-{new_id()}")
    os.rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-made or half-deleted, and finish what it was about to replace."""
    if not folder.is_dir():
        return
    for path in list(folder.iterdir()):
        if path.name.startswith(_OLD):
            final = folder / path.name[len(_OLD) : -27]
            shutil.rmtree(path, ignore_errors=True) if final.exists() else os.rename(path, final)
        elif path.name.startswith((".tmp-", ".trash-")):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def fault_in(folder: Path) -> str:
    """Return why a sealed folder cannot be trusted, or "" when every byte matches its manifest."""
    try:
        said = read_json(folder / MANIFEST)
    except FileNotFoundError:
        return "it has no manifest"
    except (StoreError, OSError):
        return "its manifest is damaged"
    try:
        if not manifest.is_whole(said):
            return "its manifest is damaged"
        return next(filter(None, (_fault_of(folder, name, entry) for name, entry in said["files"].items())), "")
    except (KeyError, TypeError, AttributeError, ValueError):
        return "its manifest is damaged"


def _fault_of(folder: Path, name: str, entry: dict[str, Any]) -> str:
    path = folder / name
    try:
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != entry["bytes"]:
            return f"{name} has {path.stat().st_size} bytes instead of {entry['bytes']}"
        return "" if sha256_file(path) == entry["sha256"] else f"{name} differs from its checksum"
    except OSError as error:  # a bad sector is as good a reason as a flipped bit
        return f"{name} cannot be read ({(error.strerror or str(error)).lower()})"
