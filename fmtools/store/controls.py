"""Control records: one small file a wish, named by a ULID, read in order by the worker."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from ..core.events import Control
from .files import new_id, private_folder, read_bytes, write_file


def add(run_folder: Path, control: Control) -> str:
    """Write a wish for the run's worker and return its id."""
    control_id = new_id()
    write_file(private_folder(run_folder / "control") / f"{control_id}.json", control.model_dump_json().encode())
    return control_id


def names(run_folder: Path) -> list[str]:
    """Return the file names of all wishes so far."""
    return sorted(path.name for path in (run_folder / "control").glob("*.json"))


class ControlReader:
    """Returns wishes not seen before. Those named in `obeyed` were for an earlier attempt; None: all that are there."""

    def __init__(self, run_folder: Path, obeyed: Iterable[str] | None = None) -> None:
        self.folder = private_folder(run_folder / "control")
        self._seen = set(names(run_folder) if obeyed is None else obeyed)

    def read(self) -> list[Control]:
        new = sorted(path for path in self.folder.glob("*.json") if path.name not in self._seen)
        wishes = []
        for path in new:
            self._seen.add(path.name)
            try:
                wishes.append(Control.model_validate_json(read_bytes(path)))
            except (OSError, ValidationError):
                continue  # a damaged wish is no wish; the log shows every wish that was obeyed
        return wishes
