"""Prepared data in the store: Arrow files under datasets/NAME/VERSION, where the version is a hash of the content."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Prepared
from ..core.errors import StoreError, from_os_error
from .files import fault_in, new_id, private_folder, publish, read_json, seal, sync_folder, write_json

if TYPE_CHECKING:
    import pyarrow as pa


def safe_name(name: str) -> str:
    """Return a name fit for a folder on every system."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "data"


def keep(prepared: Prepared, name: str, root: Path) -> str:
    """Store prepared data once and return their reference `NAME@VERSION`; the same content is not stored twice."""
    try:
        parent = private_folder(root / "datasets" / safe_name(name))
        stage = private_folder(parent / f".tmp-{os.getpid()}-{new_id()}")
        digest = hashlib.sha256(repr(sorted(prepared.meta.items())).encode())
        for split, table in sorted(prepared.splits.items()):
            digest.update(_write(stage / f"{split}.arrow", table))
        final = parent / digest.hexdigest()[:16]
        if final.is_dir() and not fault_in(final):
            _drop(stage)
        else:
            write_json(stage / "dataset.json", {"version": 1, "name": name, "meta": prepared.meta, "notices": prepared.notices})
            seal(stage, {"name": name})
            publish(stage, final)
    except OSError as error:
        raise from_os_error(error, "store the data") from None
    return f"{parent.name}@{final.name}"


def _drop(stage: Path) -> None:
    import shutil

    shutil.rmtree(stage, ignore_errors=True)
    sync_folder(stage.parent)


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
