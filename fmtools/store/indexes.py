"""Knowledge bases: `$FMTOOLS_HOME/indexes/<name>/`, published whole.

index.json         what it is made of, which model makes its vectors, how well it finds, the likeness below which it refuses
passages.arrow     text, question, source (the row it comes from), one row a passage
vectors.usearch    the vectors of the passages, as usearch keeps them
MANIFEST.json      the sha256 of every file
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import DataError, StoreError, from_os_error
from ..core.options import nearest
from .files import discard, fault_in, new_id, private_folder, publish, read_json, seal, sweep

FACTS, PASSAGES, VECTORS = "index.json", "passages.arrow", "vectors.usearch"


def keep(name: str, root: Path, fill: Callable[[Path], Any]) -> Path:
    """Let `fill` write a knowledge base into a folder, and publish it under `name`; an older one of the name goes."""
    place = root / "indexes"
    stage = place / f".tmp-{new_id()}"
    try:
        sweep(private_folder(place))
        fill(private_folder(stage))
        seal(stage, {"index": name})
        publish(stage, place / name)
    except OSError as error:
        raise from_os_error(error, "keep the knowledge base") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return place / name


def names(root: Path) -> list[str]:
    """Return the names of all knowledge bases, newest first."""
    found = [
        path for path in (root / "indexes").glob("*") if (path / FACTS).is_file() and not path.name.startswith(".")
    ]
    return [path.name for path in sorted(found, key=lambda path: -(path / FACTS).stat().st_mtime)]


def find(word: str, root: Path) -> Path:
    """Return the folder of a knowledge base, the newest for `last`. Raises DataError for none, StoreError for a damaged one."""
    known = names(root)
    if not known:
        raise DataError("There is no knowledge base yet.", "Make one: %fm_index faq")
    name = known[0] if word == "last" and "last" not in known else word
    if name not in known:
        guess = nearest(word, known)
        raise DataError(
            f"There is no knowledge base {word!r}.",
            f"Did you mean {guess}?" if guess else f"Known: {', '.join(known)}.",
        )
    folder = root / "indexes" / name
    if fault := fault_in(folder):
        raise StoreError(f"The knowledge base {name} is damaged: {fault}.", "Make it anew with %fm_index.")
    return folder


def facts(folder: Path) -> dict[str, Any]:
    """Return what index.json says."""
    found: dict[str, Any] = read_json(folder / FACTS)
    return found


def remove(word: str, root: Path) -> str:
    """Remove a knowledge base and return its name."""
    if word not in names(root):
        find(word, root)
    discard(root / "indexes" / word)
    return word
