"""The audit: what was found where, in which form and by what - never the value itself."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .spans import Span
from .stand_ins import same

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns of the audit table and their Arrow types. `row` counts from 0 in the split as it came; `place` says where in a
#: nested cell; `digest` is the same for the same value, under a key that is not kept with it.
FIELDS = {
    "split": "string", "row": "int64", "column": "string", "place": "string", "kind": "string", "start": "int32",
    "length": "int32", "by": "string", "score": "float32", "action": "string", "digest": "string",
}  # fmt: skip
#: Findings written at once.
BATCH = 20_000


class Audit:
    """Writes findings to an Arrow file, and counts them by kind and column."""

    def __init__(self, path: Path, key: bytes) -> None:
        import pyarrow as pa

        self.schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in FIELDS.items()])
        self._key = key
        self._rows: list[dict[str, Any]] = []
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, self.schema)
        self.kinds: Counter[str] = Counter()
        self.columns: Counter[tuple[str, str]] = Counter()
        self.people: set[bytes] = set()

    def add(self, where: tuple[str, int, str, str], span: Span, value: str, action: str) -> None:
        """Note one finding at (split, row, column, place)."""
        digest = hmac.new(self._key, f"{span.kind}\0{same(span.kind, value)}".encode(), hashlib.sha256).digest()[:8]
        found = (span.kind, span.start, len(value), span.by, span.score, action, digest.hex())
        self._rows.append(dict(zip(FIELDS, (*where, *found), strict=True)))
        self.kinds[span.kind] += 1
        self.columns[where[2], span.kind] += 1
        self.people.add(digest)
        if len(self._rows) >= BATCH:
            self._write()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._write()
        self._writer.close()
        self._sink.close()

    def _write(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, self.schema))
            self._rows = []


def read_audit(path: Path) -> pa.Table:
    """Return the audit's findings, memory-mapped."""
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
