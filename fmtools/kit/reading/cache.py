"""Large data as Arrow files in the store's cache folder: read once, then memory-mapped.

The folder is `cache` in the store ($FMTOOLS_HOME), only its owner can read it, and it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contracts import Drop, Reading
from ...core.errors import from_os_error

if TYPE_CHECKING:
    import pyarrow as pa

    from .tables import Rows

#: Raised whenever readers give other rows for the same file.
FORM = 1
#: Tables nobody asked for in so many seconds are removed.
KEPT = 30 * 24 * 3600


def place() -> Path:
    """Return where the cache folder is, or would be."""
    return Path(os.environ.get("FMTOOLS_HOME") or "fmtools-runs").expanduser().absolute() / "cache"


def folder() -> Path:
    """Return the cache folder, made when it is not there. Raises StoreError when it cannot be made."""
    found = place()
    try:
        for path in (*reversed(found.parents), found):
            if not path.is_dir():  # one at a time: parents made by mkdir would have the user's default mode
                path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "keep the data's table") from None
    return found


@contextlib.contextmanager
def without_copies() -> Iterator[None]:
    """Inside, what is read is not kept: large tables go to files without a name, which are gone with the process.

    For data that are not to lie anywhere but in their source. Where the system has no such files, they have names until the end.
    """
    token = _nameless.set([])
    try:
        yield
    finally:
        for held in _nameless.get() or []:
            with contextlib.suppress(OSError):
                os.close(held) if isinstance(held, int) else held.unlink()
        _nameless.reset(token)


_nameless: ContextVar[list[int | Path] | None] = ContextVar("nameless", default=None)


def _unnamed(held: list[int | Path]) -> Path:
    """Return a path to a new file that no folder lists."""
    try:
        held.append(os.open(folder(), os.O_TMPFILE | os.O_RDWR, 0o600))
        return Path(f"/proc/self/fd/{held[-1]}")
    except (OSError, AttributeError):
        held.append(folder() / f".tmp-{os.getpid()}-{uuid.uuid4().hex}.arrow")
        return Path(str(held[-1]))


def _is_unnamed(path: Path) -> bool:
    return path.is_relative_to("/proc/self/fd")


def create(path: Path) -> None:
    """Make the new file of a name that `fresh` gave, for its owner alone."""
    if not _is_unnamed(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def remove(path: Path) -> None:
    """Remove a file that `fresh` named. One without a name goes by itself, when nobody maps it any more."""
    if not _is_unnamed(path):
        path.unlink(missing_ok=True)


def fresh() -> Path:
    """Return a name for a table that is being written."""
    if (held := _nameless.get()) is not None:
        return _unnamed(held)
    return folder() / f".tmp-{os.getpid()}-{uuid.uuid4().hex}.arrow"


def mapped(path: Path) -> pa.Table:
    """Return the table of an Arrow file without reading it into memory."""
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def key_of(path: Path, reading: Reading, reader: str) -> str:
    """Return the name under which a file's table is kept: another file, change or way of reading gives another one."""
    facts = path.stat()
    place = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    asked = [FORM, reader, facts.st_size, facts.st_mtime_ns, facts.st_ino, asdict(reading)]
    return f"{place}-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}"


def find(key: str) -> Rows | None:
    """Return kept rows with their account, or None."""
    from .tables import Rows

    if _nameless.get() is not None:
        return None
    path = place() / f"{key}.arrow"
    try:
        account = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        table = mapped(path)
        os.utime(path)
    except (OSError, ValueError):
        return None
    account["drops"] = [Drop(*drop) for drop in account["drops"]]
    return Rows(table, **account)


def adopt(rows: Rows, key: str) -> None:
    """Keep a table that was written to the disk under its name; tables of the same file and unused ones go."""
    if rows.spill is None:
        return
    if _nameless.get() is not None:
        _forget(key)  # what was kept of this file before goes, too
        rows.spill = None
        return
    path = folder() / f"{key}.arrow"
    account: dict[str, Any] = {
        "read": rows.read,
        "dropped": rows.dropped,
        "notices": rows.notices,
        "drops": [(drop.reason, drop.file, drop.line) for drop in rows.drops],
        "task": rows.task,
    }
    note = path.with_suffix(".json")
    unfinished = note.with_name(f".tmp-{os.getpid()}-{uuid.uuid4().hex}.json")
    try:
        _forget(key)
        os.replace(rows.spill, path)
        unfinished.write_text(json.dumps(account, ensure_ascii=False), encoding="utf-8")
        unfinished.chmod(0o600)
        os.replace(unfinished, note)
    except OSError as error:
        raise from_os_error(error, "keep the data's table") from None
    rows.spill = None


def _forget(key: str) -> None:
    """Remove what an earlier state of the same file left, and what has not been used for long. A map outlives its file."""
    now, same = time.time(), key.split("-")[0]
    for path in folder().glob("*"):
        with contextlib.suppress(OSError):
            if path.name.startswith(f"{same}-") or now - path.stat().st_mtime > KEPT:
                path.unlink()


def let_go(rows: Rows) -> None:
    """Remove the file of a table that nobody can ask for again; the mapped table stays usable."""
    if rows.spill is not None:
        with contextlib.suppress(OSError):  # Windows refuses while it is mapped: `_forget` removes it later
            rows.spill.unlink()
        rows.spill = None
