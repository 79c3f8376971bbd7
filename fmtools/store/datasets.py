"""Prepared data, as a training reads them: Arrow files under prepared/HASH. What a user keeps is in store/versions.

Runs of earlier stores have theirs under datasets/NAME/HASH; they are found there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset, Prepared
from ..core.errors import StoreError, from_os_error
from ..core.options import nearest
from . import versions
from .arrow_files import read_tables, write_table
from .files import fault_in, new_id, private_folder, publish, read_json, seal, write_json
from .versions import safe_name

if TYPE_CHECKING:
    import pyarrow as pa

HASH = re.compile(r"[0-9a-f]{16}")


def keep(prepared: Prepared, name: str, root: Path) -> str:
    """Store prepared data once and return their reference `NAME@HASH`; the same content is not stored twice."""
    parent = root / "prepared"
    stage = parent / f".tmp-{os.getpid()}-{new_id()}"
    try:
        version = _fill(private_folder(stage), prepared, name)
        if fault_in(parent / version):  # not there yet, or damaged since
            publish(stage, parent / version)
    except OSError as error:
        raise from_os_error(error, "store the data") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return f"{safe_name(name)}@{version}"


def _fill(stage: Path, prepared: Prepared, name: str) -> str:
    """Write and seal the files of a data set; return its version."""
    digest = hashlib.sha256(repr(sorted(prepared.meta.items())).encode())
    for split, table in sorted(prepared.splits.items()):
        digest.update(split.encode() + write_table(stage / f"{split}.arrow", table))
    write_json(stage / "dataset.json", {"version": 1, "name": name, "meta": prepared.meta, "notices": prepared.notices})
    seal(stage, {"name": name})
    return digest.hexdigest()[:16]


def folder_of(reference: str, root: Path) -> Path:
    """Return the folder of prepared data `NAME@HASH`. Raises StoreError when there is none."""
    name, _, version = reference.partition("@")
    places = (root / "prepared" / version, root / "datasets" / safe_name(name) / version)
    found = next((place for place in places if place.is_dir() and not place.is_symlink()), None)
    if not HASH.fullmatch(version) or found is None:
        raise StoreError(f"There is no stored data {reference!r}.", "Load the data again.")
    return found


def load(reference: str, root: Path) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return (splits, meta) of prepared data; tables are memory-mapped. Raises StoreError when a byte has changed."""
    folder = folder_of(reference, root)
    fault = fault_in(folder)
    if fault:
        raise StoreError(f"The stored data {reference} are damaged: {fault}.", "Load the data again from their source.")
    return read_tables(folder), read_json(folder / "dataset.json")["meta"]


def splits(reference: str, root: Path) -> dict[str, int]:
    """Return the number of rows of each split of prepared data."""
    return {name: table.num_rows for name, table in load(reference, root)[0].items()}


def find(word: str, root: Path) -> Dataset | None:
    """Return data that were kept as NAME, NAME@v2 or NAME@HASH; None when there is no such name.

    What a run was trained on (its record's `dataset`), or an earlier store prepared under such a name, is found too, with
    its labels as texts. Raises StoreError for a
    version that is not there and for damaged data.
    """
    name, at, wanted = word.partition("@")
    if not name:
        return None
    known = versions.of_name(name, root)
    old = _prepared_before(root / "datasets" / safe_name(name))
    if known and not (at and wanted in old):
        return versions.load(versions.resolve(word, root))
    if not old and not (at and re.fullmatch(r"[0-9a-f]{16}", wanted) and (root / "prepared" / wanted).is_dir()):
        return None
    reference = word if at else f"{safe_name(name)}@{old[-1]}"
    tables, meta = load(reference, root)
    named = {split: _named(table, meta) for split, table in tables.items()}
    return Dataset(name=safe_name(name), splits=named, origin=reference, read=sum(t.num_rows for t in tables.values()))


def nearest_name(word: Any, root: Path) -> str | None:
    """Return the name of kept data closest to what was typed; None when none is close."""
    names = sorted({version.name for version in versions.every(root)})
    return nearest(word.partition("@")[0], names) if isinstance(word, str) else None


def label_of(reference: str, root: Path) -> str:
    """Return NAME@v2 for NAME@HASH of kept data; "" when there are none (any more)."""
    try:
        return versions.resolve(reference, root).label if reference else ""
    except StoreError:
        return ""


def _prepared_before(folder: Path) -> list[str]:
    """Return the hashes of what an earlier store prepared under a name, the newest last."""
    found = [path for path in folder.glob("*") if HASH.fullmatch(path.name) and not versions.is_version(path)]
    return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


def _named(table: pa.Table, meta: dict[str, Any]) -> pa.Table:
    """Give label numbers back as the labels they stand for."""
    import pyarrow as pa

    if "labels" not in meta or "label" not in table.column_names or not pa.types.is_integer(table["label"].type):
        return table
    labels = pa.DictionaryArray.from_arrays(table["label"].combine_chunks(), _texts(meta["labels"])).cast(pa.string())
    return table.set_column(table.column_names.index("label"), "label", labels)


def _texts(values: list[str]) -> pa.Array:
    """Lay texts out as Arrow has them: `pyarrow.array` would import pandas."""
    import pyarrow as pa

    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()
