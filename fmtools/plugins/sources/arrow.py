"""Arrow IPC files and streams, and Feather files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.reading.batches_io import damaged, gather_batches, refuse_nothing
from fmtools.kit.reading.places import ends_with, is_folder_of, load_path
from fmtools.kit.reading.tables import Rows

#: How an IPC file begins; a stream begins with the length of its first message.
MAGIC = b"ARROW1"


class ArrowSource:
    """Reads .arrow, .feather and .ipc files, and folders with one file (or numbered files) a split."""

    name = "arrow"
    summary = "Arrow files and streams, Feather files; or a folder with train.arrow, test.arrow ..."
    names: tuple[str, ...] = ()
    endings = (".arrow", ".feather", ".ipc", ".arrows")

    def accepts(self, reference: Any) -> bool:
        return ends_with(reference, self.endings) or is_folder_of(reference, self.endings)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder. Raises DataError, naming the file, for what cannot be read."""
        return load_path(reference, self.endings, read_arrow, reading)


def read_arrow(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file. It is not mapped: a file of the user's that is cut while it is mapped would kill the kernel."""
    import pyarrow as pa

    refuse_nothing(path)
    with damaged(path), pa.OSFile(str(path)) as source:
        if source.read(len(MAGIC)) == MAGIC:
            source.seek(0)
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return gather_batches(path.name, file.schema, batches)
        source.seek(0)
        stream = pa.ipc.open_stream(source)
        return gather_batches(path.name, stream.schema, stream)
