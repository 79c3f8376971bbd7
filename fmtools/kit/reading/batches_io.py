"""Tables that come in batches, from files that others wrote: checked, made plain, kept on the disk when large."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import DataError
from .gather import Gatherer, gathered
from .tables import Rows, plain

if TYPE_CHECKING:
    import pyarrow as pa


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Word what Arrow says of a file it cannot read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        why = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise DataError(f"{path.name} cannot be read: {why}.", "It may be cut or damaged: write it again.") from None


def refuse_nothing(path: Path) -> None:
    """Raise DataError for a file without a byte."""
    with damaged(path):
        size = path.stat().st_size
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes).", "Choose a file with rows.")


def gather_batches(name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Rows:
    """Return the rows of record batches. Each is checked: offsets of a damaged file would crash whoever follows them."""
    import pyarrow as pa

    with Gatherer(name, []) as gatherer:
        gatherer.take(plain(schema.empty_table()))
        for batch in batches:
            batch.validate(full=True)
            gatherer.take(plain(pa.Table.from_batches([batch])))
        return gathered(gatherer, gatherer.count)
