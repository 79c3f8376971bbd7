"""Run folders: where they are, what was asked, who works on them."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.errors import StoreError, from_os_error
from ..core.options import nearest
from . import lease
from .files import new_id, private_folder, read_json, seal, write_file, write_json

ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
#: Seconds after which a run that no worker ever claimed counts as interrupted.
CLAIM_WITHIN = 120.0
#: Where a user's own module lies in a run's folder, and what the file is called.
MODULE, MODULE_FILE = "module", "module.pkl"


class RunRecord(BaseModel):
    """run.json: what was asked for. Written when the run is made, and again when its rate or its length is changed.

    `options` are those that are true now; `planned` is the length that was asked for first, `steered` the changes since
    (see store/steering.py): both are empty in a run that nobody changed.
    """

    model_config = ConfigDict(extra="allow")
    schema_version: int = 1
    id: str
    name: str
    verb: str = "train"
    task: str
    model: str
    data: str
    data_version: str = ""
    created: float
    command: str = ""
    options: dict[str, Any] = {}
    model_folder: str = ""
    dataset: str = ""
    meta: dict[str, Any] = {}
    notices: list[str] = []
    planned: dict[str, Any] = {}
    steered: list[dict[str, Any]] = []
    versions: dict[str, str] = {}
    environment: dict[str, Any] = {}


def home() -> Path:
    """Return the store's folder: $FMTOOLS_HOME, else `fmtools-runs` in the working directory."""
    return Path(os.environ.get("FMTOOLS_HOME") or "fmtools-runs").expanduser().absolute()


class RunFolder:
    """One run on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    @classmethod
    def create(cls, record: RunRecord, root: Path | None = None, module: bytes = b"") -> RunFolder:
        """Make the folder of a new run; it appears in the store whole or not at all.

        `module` is a user's own module, pickled: it is sealed with its sha256, as it is code that a worker will run."""
        runs = (root or home()) / "runs"
        stage = runs / f".tmp-{record.id}"
        try:
            for part in ("events", "control", "checkpoints", "artifacts"):
                private_folder(stage / part)
            write_json(stage / "run.json", record.model_dump(mode="json"))
            if module:
                write_file(private_folder(stage / MODULE) / MODULE_FILE, module)
                seal(stage / MODULE, {"run": record.id})
            os.rename(stage, runs / record.id)
        except OSError as error:
            import shutil

            shutil.rmtree(stage, ignore_errors=True)
            raise from_os_error(error, "make the run's folder") from None
        return cls(runs / record.id)

    @property
    def record(self) -> RunRecord:
        """What was asked for. Raises StoreError when run.json is damaged or of a newer version."""
        value = read_json(self.path / "run.json")
        try:
            record = RunRecord.model_validate(value)
        except ValidationError:
            raise StoreError(
                f"{self.path / 'run.json'} is damaged.", "The other runs are not touched by this."
            ) from None
        if record.schema_version > 1:
            raise StoreError(f"Run {self.id} was written by a newer fmtools.", "Update fmtools to read it.")
        return record

    @property
    def events(self) -> Path:
        return self.path / "events"

    @property
    def model(self) -> Path:
        """The trained model's folder, in the hub's layout; it exists once the run was stopped or done."""
        return self.path / "artifacts" / "model"

    def attempt(self) -> int:
        """Return the number of the newest attempt that a worker has claimed; 0 when none has."""
        last, _ = lease.newest(self.path)
        return last.attempt if last else 0

    def alive(self) -> bool:
        """Say whether a worker is at work on this run, or is about to be."""
        last, _ = lease.newest(self.path)
        if last is None:
            return time.time() - (self.path / "run.json").stat().st_mtime < CLAIM_WITHIN
        return lease.alive(self.path)


def new_run_id() -> str:
    """Return an id for a new run: a ULID, which sorts by time."""
    return new_id()


def run_ids(root: Path | None = None) -> list[str]:
    """Return the ids of all runs, newest first."""
    try:
        with os.scandir((root or home()) / "runs") as entries:
            return sorted(
                (e.name for e in entries if ID.fullmatch(e.name) and e.is_dir(follow_symlinks=False)), reverse=True
            )
    except FileNotFoundError:
        return []


def open_run(run_id: str, root: Path | None = None) -> RunFolder:
    """Open a run by its full id. Raises StoreError when there is none."""
    path = (root or home()) / "runs" / run_id
    if not ID.fullmatch(run_id) or not path.is_dir() or path.is_symlink():
        raise StoreError(f"There is no run {run_id[:40]!r} in {root or home()}.", "%fm_runs lists the runs.")
    return RunFolder(path)


def find_run(word: str, root: Path | None = None) -> RunFolder:
    """Open a run by id, unique beginning of an id, name, or `last`. Raises StoreError with the nearest name."""
    ids = run_ids(root)
    if not ids:
        raise StoreError(f"There are no runs yet in {root or home()}.", "%fm_train makes one.")
    if word == "last":
        return open_run(ids[0], root)
    found = [i for i in ids if i.startswith(word.upper())] if len(word) >= 4 else []
    if len(found) == 1:
        return open_run(found[0], root)
    if len(found) > 1:
        raise StoreError(
            f"{word!r} is the beginning of {len(found)} runs: {', '.join(found[:3])} ...", "Type more of it."
        )
    named = run_names(ids, root)
    if word in named:
        return open_run(named[word], root)
    guess = nearest(word, list(named))
    raise StoreError(f"There is no run {word!r}.", f"Did you mean {guess}?" if guess else "%fm_runs lists the runs.")


def run_names(ids: list[str], root: Path | None = None) -> dict[str, str]:
    """Return name -> id, the newest run of each name."""
    names: dict[str, str] = {}
    for run_id in ids:
        try:
            names.setdefault(open_run(run_id, root).record.name, run_id)
        except (StoreError, OSError):
            continue  # one damaged run hides no other
    return names
