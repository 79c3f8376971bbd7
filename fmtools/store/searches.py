"""Search folders: `$FMTOOLS_HOME/searches/<ulid>/`. Trials are runs like any other; this holds what ties them together.

search.json        what was asked for, written once
state.json         how it stands, replaced by the driver as it goes: what views read
journal.log        Optuna's own storage of the study, append-only
module/            a user's own module, sealed, when that is what is trained
lease-N.json, control/, driver.log    as of a run: who works on it, wishes, what libraries printed
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pydantic import ValidationError

from ..core.errors import StoreError, from_os_error
from ..core.options import nearest
from ..core.search import SearchRecord, SearchState
from . import lease
from .files import private_folder, read_bytes, read_json, seal, write_file, write_json
from .runs import ID, MODULE, MODULE_FILE, home

RECORD, STATE, JOURNAL = "search.json", "state.json", "journal.log"


class SearchFolder:
    """One search on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    @classmethod
    def create(cls, record: SearchRecord, root: Path, module: bytes = b"") -> SearchFolder:
        """Make the folder of a new search, whole or not at all. Raises StoreError."""
        final, stage = root / "searches" / record.id, root / "searches" / f".tmp-{record.id}"
        try:
            private_folder(stage / "control")
            write_json(stage / RECORD, record.model_dump(mode="json"))
            write_json(stage / STATE, SearchState(wanted=record.trials).model_dump(mode="json"))
            if module:
                write_file(private_folder(stage / MODULE) / MODULE_FILE, module)
                seal(stage / MODULE, {"search": record.id})
            os.rename(stage, final)
        except OSError as error:
            shutil.rmtree(stage, ignore_errors=True)
            raise from_os_error(error, "make the search's folder") from None
        return cls(final)

    @property
    def record(self) -> SearchRecord:
        """What was asked for. Raises StoreError when it is damaged."""
        try:
            return SearchRecord.model_validate(read_json(self.path / RECORD))
        except ValidationError:
            raise StoreError(f"{self.path / RECORD} is damaged.", "Its trials are not touched by this.") from None

    @property
    def state(self) -> SearchState:
        """How it stands, as its driver said last; a driver that died without a word reads as interrupted."""
        alive = self.alive()  # looked at first: what is read afterwards is all there will be
        try:
            state = SearchState.model_validate(read_json(self.path / STATE))
        except (ValidationError, OSError):
            raise StoreError(f"{self.path / STATE} is damaged.", "%fm_tune --resume writes it anew.") from None
        if not alive and state.status in ("queued", "running"):
            state.status = "interrupted"
            state.message = f"The search ended without saying why; `%fm_resume {self.id}` goes on with it."
        return state

    def save(self, state: SearchState) -> None:
        """Replace what is known of how it stands."""
        write_json(self.path / STATE, state.model_dump(mode="json"))

    @property
    def module(self) -> bytes:
        """A user's own module as it travels; empty when the model is a name."""
        path = self.path / MODULE / MODULE_FILE
        return read_bytes(path) if path.is_file() else b""

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    def alive(self) -> bool:
        """Say whether a driver is at work on it."""
        return lease.alive(self.path)


def is_search(path: Path) -> bool:
    """Say whether a folder is a search's."""
    return (path / RECORD).is_file()


def search_ids(root: Path | None = None) -> list[str]:
    """Return the ids of all searches, newest first."""
    folder = (root or home()) / "searches"
    return sorted((p.name for p in folder.glob("*") if ID.fullmatch(p.name) and p.is_dir()), reverse=True)


def search_names(root: Path | None = None) -> dict[str, str]:
    """Return name -> id, the newest search of each name."""
    names: dict[str, str] = {}
    for found in search_ids(root):
        try:
            names.setdefault(SearchFolder((root or home()) / "searches" / found).record.name, found)
        except (StoreError, OSError):
            continue
    return names


def search_or_none(word: str, root: Path | None = None) -> SearchFolder | None:
    """Open a search by id, unique beginning of an id or name; None when no search goes by that."""
    folder, ids = (root or home()) / "searches", search_ids(root)
    found = [name for name in ids if name.startswith(word.upper())] if len(word) >= 4 else []
    if len(found) == 1:
        return SearchFolder(folder / found[0])
    named = search_names(root).get(word) if ids else None
    return SearchFolder(folder / named) if named else None


def find_search(word: str, root: Path | None = None) -> SearchFolder:
    """Open a search by id, unique beginning of an id, name, or `last`. Raises StoreError with the nearest name."""
    ids = search_ids(root)
    if not ids:
        raise StoreError(f"There are no searches yet in {root or home()}.", "%fm_tune makes one.")
    if word == "last":
        return SearchFolder((root or home()) / "searches" / ids[0])
    found = search_or_none(word, root)
    if found is None:
        names = list(search_names(root))
        guess = nearest(word, names)
        cure = f"Did you mean {guess}?" if guess else f"There are {', '.join(names[:5])}."
        raise StoreError(f"There is no search {word!r}.", cure)
    return found
