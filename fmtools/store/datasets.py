"""Prepared data in the store: Arrow files under datasets/NAME/VERSION, where the version is a hash of the content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset, Prepared
from ..core.errors import StoreError, from_os_error
from .files import fault_in, new_id, private_folder, publish, read_json, seal, write_json

if TYPE_CHECKING:
    import pyarrow as pa


def safe_name(name: str) -> str:
    """Return a name fit for a folder on every system."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "data"


def keep(prepared: Prepared, name: str, root: Path) -> str:
    """Store prepared data once and return their reference `NAME@VERSION`; the same content is not stored twice."""
    parent = root / "datasets" / safe_name(name)
    stage = parent / f".tmp-{os.getpid()}-{new_id()}"
    try:
        version = _fill(private_folder(stage), prepared, name)
        if fault_in(parent / version):  # not there yet, or damaged since
            publish(stage, parent / version)
    except OSError as error:
        raise from_os_error(error, "store the data") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return f"{parent.name}@{version}"


def _fill(stage: Path, prepared: Prepared, name: str) -> str:
    """Write and seal the files of a data set; return its version."""
    digest = hashlib.sha256(repr(sorted(prepared.meta.items())).encode())
    for split, table in sorted(prepared.splits.items()):
        digest.update(_write(stage / f"{split}.arrow", table))
    write_json(stage / "dataset.json", {"version": 1, "name": name, "meta": prepared.meta, "notices": prepared.notices})
    seal(stage, {"name": name})
    return digest.hexdigest()[:16]


def _write(path: Path, table: pa.Table) -> bytes:
    """Write a table as an Arrow file and return the digest of its bytes."""
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def folder_of(reference: str, root: Path) -> Path:
    """Return the folder of `NAME@VERSION`. Raises StoreError when there is none."""
    name, _, version = reference.partition("@")
    folder = root / "datasets" / safe_name(name) / version
    if not re.fullmatch(r"[0-9a-f]{16}", version) or not folder.is_dir():
        raise StoreError(f"There is no stored data {reference!r}.", "Load the data again.")
    return folder


def load(reference: str, root: Path) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return (splits, meta) of stored data; tables are memory-mapped. Raises StoreError when a byte has changed."""
    import pyarrow as pa

    folder = folder_of(reference, root)
    fault = fault_in(folder)
    if fault:
        raise StoreError(f"The stored data {reference} are damaged: {fault}.", "Load the data again from their source.")
    splits = {p.stem: pa.ipc.open_file(pa.memory_map(str(p))).read_all() for p in sorted(folder.glob("*.arrow"))}
    return splits, read_json(folder / "dataset.json")["meta"]


def splits(reference: str, root: Path) -> dict[str, int]:
    """Return the number of rows of each split of stored data."""
    return {name: table.num_rows for name, table in load(reference, root)[0].items()}


def find(word: str, root: Path) -> Dataset | None:
    """Return stored data by NAME@VERSION, or the newest of a NAME, with labels as texts; None when there is no such name.

    Raises StoreError for a version that is not there and for damaged data.
    """
    name, at, _ = word.partition("@")
    versions = _versions(root / "datasets" / safe_name(name)) if name else []
    if not versions:
        return None
    reference = word if at else f"{safe_name(name)}@{versions[-1]}"
    tables, meta = load(reference, root)
    splits = {split: _named(table, meta) for split, table in tables.items()}
    return Dataset(name=safe_name(name), splits=splits, origin=reference, read=sum(t.num_rows for t in tables.values()))


def _versions(folder: Path) -> list[str]:
    """Return the versions of stored data, the newest last."""
    found = [path for path in folder.glob("*") if re.fullmatch(r"[0-9a-f]{16}", path.name) and path.is_dir()]
    return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


def _named(table: pa.Table, meta: dict[str, Any]) -> pa.Table:
    """Give label numbers back as the labels they stand for."""
    import pyarrow as pa

    if "labels" not in meta or "label" not in table.column_names:
        return table
    labels = pa.DictionaryArray.from_arrays(table["label"].combine_chunks(), _texts(meta["labels"])).cast(pa.string())
    return table.set_column(table.column_names.index("label"), "label", labels)


def _texts(values: list[str]) -> pa.Array:
    """Lay texts out as Arrow has them: `pyarrow.array` would import pandas."""
    import pyarrow as pa

    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()
