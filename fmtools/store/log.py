"""The event log: one append-only file a writer, a checksum in every line, readers that follow by offset.

A line is one JSON object whose first member is the crc32c of the rest: {"crc":"9ab04c1e","seq":1,...}. A file is
created by its writer and never appended to by another, so a torn tail can never be glued to a later record.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from pathlib import Path
from typing import Any

import google_crc32c

from .files import new_id, write_all

_PREFIX = b'{"crc":"'
_HEAD = len(_PREFIX) + 8 + 2  # {"crc":"xxxxxxxx",
#: Records kept in memory while the disk refuses them (a full disk, a quota).
KEPT_WHILE_REFUSED = 100_000


def encode(record: dict[str, Any]) -> bytes:
    """Return the line of a record, newline included. NaN and infinities travel as strings, never as bare words."""
    body = json.dumps(_plain(record), ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    return _PREFIX + b"%08x" % google_crc32c.value(body) + b'",' + body[1:] + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line, or None when it is not whole."""
    if len(line) < _HEAD or not line.startswith(_PREFIX):
        return None
    body = b"{" + line[_HEAD:]
    if b"%08x" % google_crc32c.value(body) != line[len(_PREFIX) : len(_PREFIX) + 8]:
        return None
    try:
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("seq"), int) else None


def _plain(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


class LogWriter:
    """Appends records for one attempt. Thread-safe. A disk that refuses stops no training: records wait in memory."""

    def __init__(self, folder: Path, attempt: int, first_seq: int) -> None:
        self.path = folder / f"{attempt:04d}-{new_id()}.jsonl"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._lock = threading.Lock()
        self._seq = first_seq - 1
        self._waiting: deque[bytes] = deque()
        self._dirty = False
        self._broken: OSError | None = None
        self.refused: OSError | None = None

    def append(self, record: dict[str, Any]) -> int:
        """Write one record and return its seq. It survives the process at once, and the machine after `sync`."""
        with self._lock:
            line = encode({"seq": 0} | record | {"seq": self._seq + 1})
            self._seq += 1
            if len(self._waiting) >= KEPT_WHILE_REFUSED:
                del self._waiting[1]  # not the first: a part of it may be on the disk already
            self._waiting.append(line)
            self._drain()
            return self._seq

    def sync(self) -> None:
        """Return when everything appended so far is on the disk, or raise OSError when the disk refuses it.

        A flush that failed once is never reported as a success later: the system forgets what it could not write.
        """
        with self._lock:
            self._drain()
            if self.refused is not None or self._broken is not None:
                raise self.refused or self._broken or OSError()
            if self._dirty:
                try:
                    os.fsync(self._descriptor)
                except OSError as error:
                    self._broken = error
                    raise
                self._dirty = False

    def _drain(self) -> None:
        while self._waiting:
            before = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            try:
                write_all(self._descriptor, self._waiting[0])
            except OSError as error:
                # What was taken of the line stays; the rest follows later, so that the line is whole and there once.
                taken = os.lseek(self._descriptor, 0, os.SEEK_CUR) - before
                self._waiting[0] = self._waiting[0][taken:]
                self._dirty = self._dirty or taken > 0
                self.refused = error
                return
            self._waiting.popleft()
            self._dirty, self.refused = True, None

    def close(self) -> None:
        """Flush what the disk takes and close."""
        try:
            self.sync()
        except OSError:
            pass  # said by `refused`; the process ends and nothing more can be done here
        finally:
            os.close(self._descriptor)


class LogReader:
    """Follows all writers of one run. `read` returns what is new, in order of seq; `lost` counts damaged lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Where the next line begins, and how far was looked at: a torn tail lies between the two.
        self._offsets: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self.lost = 0
        self.last_seq = 0

    def signature(self) -> tuple[tuple[str, int], ...]:
        """Return names and sizes of the log's files: equal signatures mean that nothing was appended."""
        try:
            with os.scandir(self.folder) as entries:
                return tuple(sorted((e.name, e.stat().st_size) for e in entries if e.name.endswith(".jsonl")))
        except FileNotFoundError:
            return ()

    def unread(self) -> bool:
        """Say, by the files' sizes alone, whether there may be something to read."""
        return any(size > self._seen.get(name, 0) for name, size in self.signature())

    def read(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the records appended since the last call; with `limit`, of about that many bytes at a time.

        With a limit, an empty answer means that nothing is left; files are then read one after the other, oldest first.
        """
        records: list[dict[str, Any]] = []
        for name, size in self.signature():
            seen = -1
            while seen < self._seen.get(name, 0) < size and not (limit and records):
                seen = self._seen.get(name, 0)
                records += self._read_file(name, limit)
        records.sort(key=lambda record: record["seq"])
        if records:
            self.last_seq = max(self.last_seq, records[-1]["seq"])
        return records

    def _read_file(self, name: str, limit: int | None) -> list[dict[str, Any]]:
        start = self._offsets.get(name, 0)
        with (self.folder / name).open("rb") as file:
            file.seek(start)
            data = file.read(limit or -1)
            if limit and len(data) == limit:
                data += file.readline()  # the piece ends with a line
        whole = data.rfind(b"\n") + 1  # a line without its newline is still being written, or torn
        self._offsets[name], self._seen[name] = start + whole, start + len(data)
        found = [(line, decode(line)) for line in data[:whole].split(b"\n") if line]
        self.lost += sum(record is None for _, record in found)
        return [record for _, record in found if record is not None]

    def torn(self, *, alive: bool = False) -> int:
        """Return how many files end in an unfinished line: records of ended writers that are lost for good.

        With `alive`, the newest file does not count: its writer may be about to finish the line.
        """
        files = self.signature()
        return sum(size > self._offsets.get(name, 0) for name, size in (files[:-1] if alive else files))
