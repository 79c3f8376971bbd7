"""A cache of one text a run, in SQLite on a local disk. The files are the truth: it may be deleted at any time.

Whatever goes wrong with it - damage, locks, a read-only disk - it is dropped or goes on in memory, never an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
import stat
import threading
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)
#: Seconds to wait for a lock before the index is passed by.
PATIENCE = 2.0
_REMOTE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "ceph", "9p", "afs", "fuse.sshfs", "fuse.s3fs")
_TABLE = "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, signature TEXT, body TEXT, crc INTEGER)"
#: What a run has in the index: the signature under which its text was put, and the text.
Entry = tuple[str, str]


def _cache_folder() -> Path | None:
    """Return a folder that is ours alone, or None when there is none fit for SQLite."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fmtools"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        log.debug("no folder for the index: %s", error)
        return None
    ours = stat.S_ISDIR(facts.st_mode) and (not hasattr(os, "getuid") or facts.st_uid == os.getuid())
    if not ours or _remote(folder):
        log.debug("%s is not a local folder of this user: the index stays in memory", folder)
        return None
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    return folder


def _remote(folder: Path) -> bool:
    """Say whether a folder lies on a network disk, whose locks SQLite cannot trust."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    place, best, kind = str(folder.resolve()) + "/", "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = left.split()[4].rstrip("/") + "/"
        if place.startswith(mount) and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind in _REMOTE


class Index:
    """Texts by run id, each with the signature under which it was put. Thread-safe; processes may share the file."""

    def __init__(self, home: Path) -> None:
        folder = _cache_folder()
        name = hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:32]
        self.path = folder / f"index-{name}.sqlite" if folder else None
        self._lock = threading.Lock()
        self._held: dict[str, Entry] | None = None
        self._connection: sqlite3.Connection | None = None

    def get(self, run_id: str, signature: str) -> str | None:
        """Return the text put for a run under exactly this signature, or None."""
        entry = self.all().get(run_id)
        return entry[1] if entry and entry[0] == signature else None

    def put(self, run_id: str, signature: str, text: str) -> None:
        """Keep one text."""
        self.put_many([(run_id, signature, text)])

    def all(self) -> dict[str, Entry]:
        """Return every entry that is known to this process; read from the file at the first call."""
        with self._lock:
            if self._held is None:
                self._held = self._attempt(self._read) or {}
            return dict(self._held)

    def put_many(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """Keep many texts in one transaction."""
        rows = [(i, s, t, zlib.crc32(t.encode("utf-8", "surrogatepass"))) for i, s, t in entries]
        self.all()
        with self._lock:
            assert self._held is not None
            self._held.update({i: (s, t) for i, s, t, _ in rows})
            self._attempt(lambda db: db.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", rows))

    def forget(self, run_ids: Iterable[str]) -> None:
        """Drop the entries of runs that are no more."""
        gone = list(run_ids)
        with self._lock:
            for run_id in gone:
                (self._held or {}).pop(run_id, None)
            self._attempt(lambda db: db.executemany("DELETE FROM runs WHERE id = ?", [(i,) for i in gone]))

    def close(self) -> None:
        """Close the file; the index can be used again afterwards."""
        with self._lock:
            self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    @staticmethod
    def _read(db: sqlite3.Connection) -> dict[str, Entry]:
        rows = db.execute("SELECT id, signature, body, crc FROM runs").fetchall()
        whole = [(i, s, t) for i, s, t, crc in rows if zlib.crc32(t.encode("utf-8", "surrogatepass")) == crc]
        return {i: (s, t) for i, s, t in whole}

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do `work` in a transaction; after damage once more on a fresh file; None when SQLite refuses."""
        for _ in range(2):
            try:
                db = self._open()
                if db is None:
                    return None
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    return work(db)
            except (sqlite3.OperationalError, OSError) as error:
                # Locked, full, read-only: it may be well again next time.
                log.debug("the index is passed by: %s", error)
                self._close()
                return None
            except (sqlite3.Error, UnicodeError, TypeError, AttributeError, ValueError) as error:
                log.debug("the index is made anew: %s", error)
                self._drop()
        return None

    def _open(self) -> sqlite3.Connection | None:
        if self.path is None:
            return None
        if self._connection is not None and not self.path.exists():
            self._close()  # deleted while we were at it: start a new one
        if self._connection is None:
            if not self.path.exists():
                self._drop()  # a journal without its database must not be applied to the next
            self._connection = self._connect(self.path)
        return self._connection

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
        db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "mmap_size = 0"):
                db.execute(f"PRAGMA {pragma}")
            db.execute(_TABLE)
        except BaseException:
            db.close()
            raise
        return db

    def _drop(self) -> None:
        self._close()
        if self.path is not None:
            for ending in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    Path(f"{self.path}{ending}").unlink()
