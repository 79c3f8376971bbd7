"""Parquet files; large ones are unfolded into a file that is memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.batches_io import damaged, gather_batches, refuse_nothing
from fmtools.kit.reading.places import ends_with, is_folder_of, load_path
from fmtools.kit.reading.tables import Rows

#: What a file may unfold to. A few kilobytes can unfold to gigabytes.
MAX_UNFOLDED = 64 << 30
#: Rows unfolded at once.
ROWS = 16_384


class ParquetSource:
    """Reads .parquet files, and folders with one file (or numbered files) a split."""

    name = "parquet"
    summary = "Parquet files; or a folder with train.parquet, test.parquet ..."
    names: tuple[str, ...] = ()
    endings = (".parquet", ".pq")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError, naming the file, for what cannot be read."""
        return load_path(reference, self.endings, read_parquet, reading)


def read_parquet(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file; raises DataError when it is damaged, or unfolds to more than MAX_UNFOLDED bytes."""
    import pyarrow.parquet as pq

    refuse_nothing(path)
    with damaged(path), pq.ParquetFile(path, memory_map=False) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        unfolded = sum(group.total_byte_size for group in groups)
        if unfolded > MAX_UNFOLDED:
            cause = f"{path.name} unfolds to {unfolded / 2**30:.0f} GiB; up to {MAX_UNFOLDED >> 30} are read."
            raise DataError(cause, "Keep fewer rows or columns.")
        return gather_batches(path.name, file.schema_arrow, file.iter_batches(ROWS))
