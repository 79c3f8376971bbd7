"""Parquet files and Arrow IPC files (Feather)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.tables import Rows, ends_with, is_folder_of, load_path, plain

if TYPE_CHECKING:
    import pyarrow as pa

#: What a file may unfold to. A few kilobytes can unfold to gigabytes.
MAX_UNFOLDED = 8 << 30


class ParquetSource:
    """Reads .parquet, .arrow and .feather files, and folders with one file (or numbered files) a split."""

    name = "parquet"
    summary = "Parquet and Arrow files; or a folder with train.parquet, test.parquet ..."
    names: tuple[str, ...] = ()
    endings = (".parquet", ".arrow", ".feather", ".ipc")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError, naming the file, for what cannot be read."""
        return load_path(reference, self.endings, read_parquet)


def read_parquet(path: Path) -> Rows:
    """Read one file; raises DataError when it is damaged, or unfolds to more than MAX_UNFOLDED bytes."""
    import pyarrow as pa

    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path.name} is empty (0 bytes).", "Choose a file with rows.")
        table = _parquet(path) if path.suffix.lower() == ".parquet" else _arrow(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        why = str(error).split("\n")[0].rstrip(".")
        raise DataError(f"{path.name} cannot be read: {why}.", "It may be cut or damaged: write it again.") from None
    table = plain(table)
    return Rows(table, table.num_rows)


def _parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        unfolded = sum(group.total_byte_size for group in groups)
        if unfolded > MAX_UNFOLDED:
            cause = f"{path.name} unfolds to {unfolded / 2**30:.0f} GiB; up to {MAX_UNFOLDED >> 30} are read."
            raise DataError(cause, "Keep fewer rows or columns.")
        return file.read()


def _arrow(path: Path) -> pa.Table:
    """Read an IPC file, or an IPC stream (as the hub's datasets cache writes them)."""
    import pyarrow as pa

    data = path.read_bytes()  # not mapped: a file that is cut while mapped would kill the kernel
    try:
        return pa.ipc.open_file(pa.BufferReader(data)).read_all()
    except pa.ArrowInvalid:
        return pa.ipc.open_stream(pa.BufferReader(data)).read_all()
