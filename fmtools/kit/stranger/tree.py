"""The files of a stranger's folder: none leads outside it, none is a device, and all have bounds. Nothing is read here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Bounds of a folder: files in it, folders in each other, and bytes of all together.
FILES, DEPTH, BYTES = 5_000, 12, 256 << 30
#: What version control and downloads leave: nobody reads a model from there.
SKIPPED = frozenset({".git", ".cache", ".ipynb_checkpoints", "__pycache__"})
AGAIN = "Get the folder again from somebody you trust."
COPY = "Put a copy of the file there instead."


class Fault(Exception):
    """Why a file is not read: its name in the folder, the reason as the sentence goes on, and what to do."""

    def __init__(self, name: str, why: str, cure: str = AGAIN) -> None:
        super().__init__(name, why, cure)
        self.name, self.why, self.cure = name, why, cure


@dataclass(frozen=True)
class File:
    """One plain file: its name in the folder (with /), where it really lies, its size in bytes, and what tells a change."""

    name: str
    path: Path
    size: int
    state: tuple[int, int, int, int]


def home_of(folder: Path) -> Path:
    """Return the folder that links may lead into: the folder itself, or its repository in the hub's cache."""
    real = folder.resolve()
    repository = real.parent.parent
    is_snapshot = real.parent.name == "snapshots" and (repository / "blobs").is_dir()
    return repository if is_snapshot and not (repository / "blobs").is_symlink() else real


def files_of(folder: Path) -> list[File]:
    """Return every plain file of a folder, in order. Raises Fault for one that leads outside, and for one too many."""
    home, found, total = home_of(folder), [], 0
    for name, path in _walk(folder, "", 0):
        file = _plain(name, path, home)
        found.append(file)
        total += file.size
        if len(found) > FILES:
            raise Fault(name, f"is one of more than {FILES:,} files", "Give a folder that holds one model.")
        if total > BYTES:
            raise Fault(name, f"makes the folder larger than {BYTES >> 30} GB", "Give a smaller model.")
    _check_hard_links(found)
    return sorted(found, key=lambda file: file.name)


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, Path]]:
    """Yield (name, path) of what is no folder. A link to a folder is not followed: it is a file that is none."""
    if depth > DEPTH:
        raise Fault(prefix.rstrip("/"), f"lies more than {DEPTH} folders deep", "Give a folder that holds one model.")
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth + 1)
            else:
                yield prefix + entry.name, Path(entry.path)


def _plain(name: str, path: Path, home: Path) -> File:
    try:
        real = path.resolve(strict=True)
        state = real.stat()
    except (OSError, RuntimeError):
        raise Fault(name, "is a link that leads nowhere", COPY) from None
    if not real.is_relative_to(home):
        raise Fault(name, "is a link that leads out of the folder", COPY)
    if not stat.S_ISREG(state.st_mode):
        raise Fault(name, "is no plain file", "Remove it.")
    return File(name, real, state.st_size, (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns))


def _check_hard_links(files: list[File]) -> None:
    """A second name of a file elsewhere is as good as a link there; package managers make them where they install."""
    known: dict[tuple[int, int], set[Path]] = {}
    for file in files:
        known.setdefault(file.state[:2], set()).add(file.path)
    for file in files:
        links = file.path.stat().st_nlink
        if links > len(known[file.state[:2]]) and "site-packages" not in file.path.parts:
            raise Fault(file.name, "is a hard link to a file outside the folder", COPY)
