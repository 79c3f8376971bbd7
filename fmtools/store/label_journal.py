"""What a person decides about rows, kept the moment it is decided: labels/NAME/HASH/*.jsonl, one journal a version.

A record is a line with a checksum (store/log) that is on the disk when `append` returns. Each process that labels writes a
file of its own; all of them are read, in the order of time, so that a kernel that died loses nothing it had acknowledged.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from ..core.errors import StoreError, from_os_error
from .files import new_id, private_folder, read_json, write_json
from .log import LogReader, LogWriter

#: Every record has "kind", "id" (the same line twice is one record) and "t".
Record = dict[str, Any]


def folder_of(reference: str, root: Path) -> Path:
    """Return the folder of the journal of NAME@HASH."""
    name, _, version = reference.partition("@")
    return root / "labels" / name / version


class Journal:
    """Appends decisions, and reads those of every process. Not thread-safe: its session holds a lock."""

    def __init__(self, reference: str, root: Path) -> None:
        self.reference = reference
        self.folder = folder_of(reference, root)
        self._reader = LogReader(self.folder)
        self._writer: LogWriter | None = None
        self._waiting: list[Record] = []
        self._seen: set[str] = set()
        self._last = 0.0

    @property
    def lost(self) -> int:
        """How many lines were damaged and could not be read."""
        return self._reader.lost

    def news(self) -> list[Record]:
        """Return the records that came since the last call, also those of other processes, in the order of time."""
        found = [r for r in self._reader.read() if "kind" in r and str(r.get("id", "")) not in self._seen]
        self._seen |= {str(record.get("id", "")) for record in found}
        unique = list({str(record.get("id", "")): record for record in found}.values())
        self._last = max([self._last, *(float(record.get("t", 0.0)) for record in unique)])
        return sorted(unique, key=lambda record: (float(record.get("t", 0.0)), record["seq"]))

    def append(self, kind: str, **facts: Any) -> Record:
        """Keep one record. When this returns it is on the disk; StoreError says why it is not (yet): see `settle`."""
        self._last = max(time.time(), self._last + 1e-6)
        record = {"id": new_id(), "t": self._last, "kind": kind, **facts}
        self._seen.add(record["id"])
        self._waiting.append(record)
        self.settle()
        return record

    def settle(self) -> None:
        """Bring to the disk what waits. Raises StoreError while the disk refuses; nothing that waits is forgotten.

        After a refusal the records are written anew to another file: what a failed flush left behind cannot be trusted.
        """
        if not self._waiting:
            return
        try:
            if self._writer is None:
                private_folder(self.folder)
                self._writer = LogWriter(self.folder, 1, 1)
                for record in self._waiting[:-1]:
                    self._writer.append(record)
            self._writer.append(self._waiting[-1])
            self._writer.sync()
        except OSError as error:
            self.close()
            raise from_os_error(error, "keep the label") from None
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        """How many records are not on the disk."""
        return len(self._waiting)

    def close(self) -> None:
        """Close the file; the next record opens another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def remember(self, name: str, value: Any) -> None:
        """Keep something that can be computed again (the order of rows) beside the journal."""
        with contextlib.suppress(OSError):  # a convenience: without it the order is computed once more
            write_json(private_folder(self.folder) / f"{name}.json", value)

    def recall(self, name: str) -> Any:
        """Return what was remembered, or None."""
        try:
            return read_json(self.folder / f"{name}.json")
        except (OSError, StoreError):
            return None


def versions_with_journal(name: str, root: Path) -> list[str]:
    """Return the hashes of the versions of a name that somebody has labelled."""
    folder = root / "labels" / name
    return sorted(path.name for path in folder.glob("*") if any(path.glob("*.jsonl")))
