"""Exported models by the words people type: RUN (its newest export), RUN/NAME, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import StoreError
from .files import MANIFEST, read_json
from .runs import RunFolder, find_run

#: What an exported model says of itself, in its folder.
ABOUT = "fmtools.json"


def exports(run: RunFolder) -> list[Path]:
    """Return the folders that a run was exported to, newest first."""
    found = [
        path.parent for path in (run.path / "artifacts").glob(f"*/{ABOUT}") if not path.parent.name.startswith(".")
    ]
    return sorted(found, key=lambda path: (path / ABOUT).stat().st_mtime_ns, reverse=True)


def find_exported(word: str, root: Path | None = None, format: str = "onnx") -> Path:
    """Return the folder of an exported model. Raises StoreError, with what to type, when there is none."""
    folder = Path(word).expanduser()
    if (folder / ABOUT).is_file():
        return folder.absolute()
    if folder.is_dir() or folder.is_absolute():
        raise StoreError(f"{word} is not the folder of an exported model.", "It should hold fmtools.json (%fm_export).")
    name, _, part = word.partition("/")
    run = find_run(name, root)
    known = [path for path in exports(run) if about(path).get("format") == format]
    if part:
        known = [path for path in known if path.name == part]
    if not known:
        what = f"{part!r}" if part else f"{format} export"
        raise StoreError(f"Run {run.record.name} has no {what}.", f"`%fm_export {name} --to {format}` makes one.")
    return known[0]


def about(folder: Path) -> dict[str, Any]:
    """Return what an exported model says of itself; {} when it cannot be read."""
    try:
        found: dict[str, Any] = read_json(folder / ABOUT)
    except (StoreError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def sealed(folder: Path) -> bool:
    """Say whether a folder has a manifest that its files can be compared with."""
    return (folder / MANIFEST).is_file()
