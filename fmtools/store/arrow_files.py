"""Tables as Arrow files: written batch by batch, read memory-mapped, so that neither needs the table in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows in one batch of a file. The same rows make the same bytes, however the table was cut before.
BATCH = 10_000


def batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Yield a table's rows in batches of BATCH, each in memory of its own."""
    import numpy as np
    import pyarrow as pa

    for start in range(0, table.num_rows, BATCH):
        part = table.slice(start, BATCH)
        places = np.arange(part.num_rows, dtype=np.int64)
        # `take` lays every column out anew; a slice would carry the offsets and bitmaps of the table it was cut from.
        indices = pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(places)])
        yield from part.take(indices).combine_chunks().to_batches(max_chunksize=BATCH)


def write_table(path: Path, table: pa.Table) -> bytes:
    """Write a table as an Arrow file, without what only its maker knows of it; return the digest of the file's bytes."""
    import pyarrow as pa

    plain = table.replace_schema_metadata(None)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, plain.schema) as writer:
        for batch in batches(plain):
            writer.write_batch(batch)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def read_tables(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a folder by the names of their files, memory-mapped, in the usual order of splits."""
    import pyarrow as pa

    order = ("train", "validation", "test", "all")
    paths = sorted(folder.glob("*.arrow"), key=lambda p: (order.index(p.stem) if p.stem in order else 9, p.stem))
    return {path.stem: pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in paths}
