"""What a run's model did on each row of a split, kept beside the run so that runs can be tested against each other."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import MANIFEST, private_folder, read_bytes, read_json, write_file

if TYPE_CHECKING:
    import numpy as np


def _path(run: Path, split: str) -> Path:
    return run / "outcomes" / f"{split}.npz"


def stamp(run: Path) -> str:
    """Return what names the model that a run has published: the digest of its manifest. Raises OSError without a model."""
    return hashlib.sha256(read_bytes(run / "artifacts" / "model" / MANIFEST)).hexdigest()


def keep(run: Path, split: str, stats: np.ndarray, facts: dict[str, Any]) -> None:
    """Keep sums [rows, k] and what is to be known of them (plain JSON), whole or not at all. Raises OSError."""
    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, stats=stats, facts=np.array(json.dumps({**facts, "model": stamp(run)})))
    private_folder(run / "outcomes")
    write_file(_path(run, split), file.getvalue())


def load(run: Path, split: str) -> tuple[np.ndarray, dict[str, Any]] | None:
    """Return (sums, facts) of the run's present model; None when none are kept, they are another model's, or damaged."""
    import numpy as np

    try:
        with np.load(io.BytesIO(read_bytes(_path(run, split))), allow_pickle=False) as file:
            stats, facts = file["stats"], json.loads(str(file["facts"]))
        return (stats, facts) if facts.pop("model") == stamp(run) else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def rows_key(folder: Path, split: str) -> str:
    """Return what is equal for splits with the same rows and labels: a digest, from the manifest of prepared data."""
    digest = str(read_json(folder / MANIFEST)["files"][f"{split}.arrow"]["sha256"])
    labels = read_json(folder / "dataset.json")["meta"].get("labels")
    return hashlib.sha256(f"{split} {digest} {labels}".encode()).hexdigest()[:16]
