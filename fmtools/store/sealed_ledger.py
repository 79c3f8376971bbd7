"""Which version of each encrypted file is the newest that this store has seen, so that an older one in its place is noticed.

The ledger is a file of the store: it protects files that travel or lie elsewhere (a share, a backup, a bucket). Whoever may
write the store itself can set it back, too; then nothing can tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.errors import DataError, StoreError
from .files import private_folder, read_json, write_json

FILE = "sealed.json"


@contextmanager
def next_version(root: Path, key: str) -> Iterator[list[Any]]:
    """Give [version]; when the caller appends the sha256 of what it wrote under it, that is the newest from then on.

    Versions are milliseconds since 1970, and grow whatever the clock does."""
    from filelock import FileLock

    with FileLock(private_folder(root) / f".{FILE}.lock", mode=0o600):
        newest = _read(root)
        last = int(newest.get(key, {}).get("version", 0))
        found: list[Any] = [max(last + 1, time.time_ns() // 1_000_000)]
        yield found
        if len(found) > 1:
            _write(root, {**newest, key: {"version": found[0], "sha256": found[1]}})


def check(root: Path, key: str, version: int, digest: str) -> None:
    """Raise DataError for a file that is older than the newest known one; learn of a newer one.

    `digest` is the sha256 of the encrypted bytes: two files of the same version are not both the newest.
    """
    from filelock import FileLock

    with FileLock(private_folder(root) / f".{FILE}.lock", mode=0o600):
        newest = _read(root)
        known = newest.get(key, {})
        if version < int(known.get("version", 0)):
            raise DataError(
                f"The encrypted file {key.rpartition('/')[2]!r} is an older version: a newer one was made or opened here.",
                "Get the newest one; if the older one is meant, open it with another FMTOOLS_HOME.",
            )
        if version == int(known.get("version", 0)) and digest != known.get("sha256"):
            raise DataError(
                f"The encrypted file {key.rpartition('/')[2]!r} is another one than was made or opened here.",
                "Get the one that was made here.",
            )
        if version > int(known.get("version", 0)):
            _write(root, {**newest, key: {"version": version, "sha256": digest}})


def _read(root: Path) -> dict[str, Any]:
    try:
        value = read_json(root / FILE)
    except FileNotFoundError:
        return {}
    newest = value.get("newest") if isinstance(value, dict) else None
    if not isinstance(newest, dict) or not all(isinstance(entry, dict) for entry in newest.values()):
        raise StoreError(
            f"{root / FILE} is damaged.", "Restore it from a backup: it tells old encrypted files from new."
        )
    return newest


def _write(root: Path, newest: dict[str, Any]) -> None:
    write_json(root / FILE, {"schema": 1, "newest": newest})
