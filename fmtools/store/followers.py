"""What is known of a run's followers: a small state file each, and complaints for the run's log, under followers/."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from ..core.errors import StoreError
from .files import private_folder, read_json, write_file, write_json


def folder(run: Path) -> Path:
    """Return the folder of a run's followers, made when it is not there."""
    return private_folder(run / "followers")


def keep(run: Path, name: str, facts: dict[str, Any]) -> None:
    """Keep a follower's state: {"place", "line", "state": "following" | "done" | "failed", "points", "error"}."""
    write_json(folder(run) / f"{name}.json", facts)


def states(run: Path) -> dict[str, dict[str, Any]]:
    """Return the state of each follower that this run has or had, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((run / "followers").glob("*.json")):
        with contextlib.suppress(StoreError, OSError):
            found[path.stem] = read_json(path)
    return found


def complain(run: Path, name: str, text: str) -> None:
    """Leave a sentence for the run's log: only its worker may write there."""
    write_file(folder(run) / f"{name}.complaint", text.encode())


def complaints(run: Path) -> list[str]:
    """Return the sentences that were left since the last call."""
    said: list[str] = []
    for path in sorted((run / "followers").glob("*.complaint")):
        taken = path.with_suffix(".said")
        os.replace(path, taken)
        said.append(taken.read_text(encoding="utf-8", errors="replace"))
    return said
