"""Data that a user keeps: datasets/NAME/HASH, a version being a hash of content and recipe, numbered v1, v2 ...

A version is written beside, sealed with checksums, and given its name by a rename: a kill leaves the old state, whole.
One writer a name at a time; readers need no lock. Rows stay as they came, all splits, as Arrow files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..core.contracts import Dataset, Drop
from ..core.errors import DataError, StoreError, from_os_error
from ..core.options import nearest
from .arrow_files import read_tables, write_table
from .files import fault_in, new_id, private_folder, publish, read_json, seal, sweep, write_json

#: Version of the layout of dataset.json; 1 was prepared data, which had a `meta` instead.
LAYOUT = 2
HASH = re.compile(r"[0-9a-f]{16}")
#: Drops that are named one by one.
NAMED_DROPS = 10_000


@dataclass(frozen=True)
class Version:
    """One version of kept data. `facts` is dataset.json: origin, licence, read, dropped, recipe, parent, profile ..."""

    name: str
    hash: str
    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def ordinal(self) -> int:
        return int(self.facts.get("ordinal", 0))

    @property
    def reference(self) -> str:
        """NAME@HASH: what runs remember."""
        return f"{self.name}@{self.hash}"

    @property
    def label(self) -> str:
        """NAME@v2: what people type."""
        return f"{self.name}@v{self.ordinal}" if self.ordinal else self.reference

    @property
    def rows(self) -> dict[str, int]:
        return dict(self.facts.get("rows", {}))

    @property
    def recipe(self) -> list[dict[str, Any]]:
        """The steps that made these rows from what was loaded: [{"step": ..., ...}, ...]."""
        return list(self.facts.get("recipe", []))

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.arrow"))


def safe_name(name: str) -> str:
    """Return a name fit for a folder on every system."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "data"


def save(
    data: Dataset,
    root: Path,
    name: str = "",
    recipe: Sequence[dict[str, Any]] = (),
    parent: str = "",
    profile: dict[str, Any] | None = None,
    account: Sequence[dict[str, Any]] = (),
) -> Version:
    """Keep data under a name (theirs when not given); the same content and recipe is not kept twice.

    `recipe`: every step from what was loaded to these rows; `account`: what each step did; `parent`: NAME@HASH of the
    version that the last steps were applied to. Raises StoreError when the disk does not take it.
    """
    from filelock import FileLock

    known = safe_name(name or data.name)
    strange = next((split for split in data.splits if not re.fullmatch(r"[\w.-]{1,60}", split)), None)
    if strange is not None:
        raise DataError(f"A split cannot be named {strange!r}.", "Use letters, digits and dashes, such as train.")
    folder = root / "datasets" / known
    facts = {
        "layout": LAYOUT,
        "name": known,
        "created": time.time(),
        "origin": data.origin,
        "licence": data.licence,
        "task": data.task,
        "notices": data.notices,
        "read": data.read,
        "dropped": data.dropped,
        "drops": [asdict(drop) for drop in data.drops[:NAMED_DROPS]],
        "rows": data.rows,
        "columns": data.columns,
        "recipe": list(recipe),
        "account": list(account),
        "parent": parent,
        "profile": profile or {},
    }
    try:
        private_folder(folder)
        with FileLock(folder / ".lock", mode=0o600):
            sweep(folder)  # whoever left something here is dead: the lock is ours
            return _publish(data, folder, facts)
    except OSError as error:
        raise from_os_error(error, "keep the data") from None


def _publish(data: Dataset, folder: Path, facts: dict[str, Any]) -> Version:
    stage = private_folder(folder / f".tmp-{os.getpid()}-{new_id()}")
    try:
        digest = hashlib.sha256(json.dumps(facts["recipe"], sort_keys=True, ensure_ascii=False).encode())
        for split, table in sorted(data.splits.items()):
            digest.update(split.encode() + write_table(stage / f"{split}.arrow", table))
        name, version = facts["name"], digest.hexdigest()[:16]
        final = folder / version
        there = _read(name, final) if final.is_dir() else None
        if there is not None and not there.fault and not fault_in(final):
            return there
        facts["ordinal"] = there.ordinal if there is not None and there.ordinal else _next(folder)
        write_json(stage / "dataset.json", facts)
        seal(stage, {"name": name})
        publish(stage, final)
        return Version(name, version, final, facts)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _next(folder: Path) -> int:
    found = [_read(folder.name, path) for path in _folders(folder)]
    return max([version.ordinal for version in found] + [sum(bool(version.fault) for version in found)], default=0) + 1


def is_version(folder: Path) -> bool:
    """Say whether a folder holds kept data, also damaged ones; old stores have prepared data under such names."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        facts = read_json(folder / "dataset.json")
    except (StoreError, OSError):
        return True
    return not (isinstance(facts, dict) and "meta" in facts and "layout" not in facts)


def _folders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if HASH.fullmatch(path.name) and is_version(path)]


def _read(name: str, folder: Path) -> Version:
    """Read one version's facts; a damaged one is a version with a fault, so that a list can say so."""
    try:
        facts = read_json(folder / "dataset.json")
    except (StoreError, OSError):
        return Version(name, folder.name, folder, {}, "its dataset.json is damaged or missing")
    if not isinstance(facts, dict):
        return Version(name, folder.name, folder, {}, "its dataset.json is damaged")
    if facts.get("layout", 0) > LAYOUT:
        return Version(name, folder.name, folder, facts, "it was written by a newer fmtools")
    return Version(name, folder.name, folder, facts)


def of_name(name: str, root: Path) -> list[Version]:
    """Return the versions of a name, v1 first; empty when there is no such name."""
    known = safe_name(name)
    found = [_read(known, path) for path in _folders(root / "datasets" / known)]
    return sorted(found, key=lambda version: (version.ordinal, version.hash))


def every(root: Path) -> list[Version]:
    """Return all versions of all names, names in order, v1 first."""
    folder = root / "datasets"
    names = sorted(path.name for path in folder.glob("*") if path.is_dir() and not path.is_symlink())
    return [version for name in names if not name.startswith(".") for version in of_name(name, root)]


def resolve(word: str, root: Path) -> Version:
    """Return the version that NAME (the newest), NAME@v2 or NAME@HASH (or its beginning) means.

    Raises StoreError, with what there is, when there is none or when it is not the only one.
    """
    name, _, wanted = word.strip().partition("@")
    known = of_name(name, root) if name else []
    if not known:
        names = sorted({version.name for version in every(root)})
        guess = nearest(name, names, 0.5)
        cure = f"Did you mean {guess}?" if guess else "%fm_data lists what is kept."
        raise StoreError(f"There is no data kept as {name!r}.", cure)
    if not wanted or wanted == "latest":
        return known[-1]
    fits = [version for version in known if _fits(version, wanted.lower())]
    if len(fits) == 1:
        return fits[0]
    there = ", ".join(f"v{version.ordinal} ({version.hash[:6]})" for version in known[-8:])
    if fits:
        raise StoreError(f"{word} could be {len(fits)} versions.", f"Type more of the hash; there are {there}.")
    raise StoreError(f"{known[-1].name} has no version {wanted!r}.", f"There are {there}.")


def _fits(version: Version, wanted: str) -> bool:
    number = re.fullmatch(r"v?(\d{1,6})", wanted)
    if number and (wanted.startswith("v") or version.ordinal == int(number[1])):
        return version.ordinal == int(number[1])
    return len(wanted) >= 4 and version.hash.startswith(wanted)


def load(version: Version) -> Dataset:
    """Return the rows of a version, memory-mapped. Raises StoreError when a byte of them has changed."""
    fault = version.fault or fault_in(version.folder)
    if fault:
        cure = "Keep the data again from their source: the same version comes back whole."
        raise StoreError(f"The kept data {version.label} are damaged: {fault}.", cure)
    facts = version.facts
    return Dataset(
        name=version.name,
        splits=read_tables(version.folder),
        origin=facts.get("origin", ""),
        licence=facts.get("licence", ""),
        notices=list(facts.get("notices", [])),
        read=int(facts.get("read", 0)),
        dropped=dict(facts.get("dropped", {})),
        drops=[Drop(**drop) for drop in facts.get("drops", [])],
        task=facts.get("task", ""),
        version=version.reference,
    )


def recipe_of(word: str, root: Path) -> list[dict[str, Any]]:
    """Return the recipe of kept data, to be applied to others. Raises DataError when they have none."""
    version = resolve(word, root)
    if not version.recipe:
        raise DataError(f"{version.label} has no recipe: its rows are as they were loaded.", "Name another version.")
    return version.recipe
