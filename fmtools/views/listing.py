"""The rows of a list of runs. Ended runs come from the index: ten thousand of them are a matter of milliseconds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from ..core.errors import StoreError
from ..core.wire import Head, RunSummary
from ..store.index import Entry, Index
from ..store.runs import RunFolder, open_run, run_ids
from .follow import RunView

#: Part of every signature: raise it when summaries change, and cached ones are made again.
VERSION = 1
#: Gives a run's summary as JSON when its caller holds it anyway (a server follows the runs that are alive), else None.
Live = Callable[[str], str | None]


def summaries(root: Path, limit: int | None = None) -> list[RunSummary]:
    """Return a row for each run under `root` (a store's folder), newest first, at most `limit`."""
    index = Index(root)
    try:
        return [RunSummary.model_validate_json(text) for text in summary_texts(root, index, limit)]
    except ValidationError:
        index.forget(index.all())
        return [RunSummary.model_validate_json(text) for text in summary_texts(root, index, limit)]
    finally:
        index.close()


def summary_texts(root: Path, index: Index, limit: int | None = None, live: Live | None = None) -> list[str]:
    """Return each run's `RunSummary` as JSON text, newest first."""
    ids, known = run_ids(root)[:limit], index.all()
    runs, fresh, texts = str(root / "runs"), [], []
    for run_id in ids:
        text = live(run_id) if live else None
        if text is None and still(f"{runs}/{run_id}", known.get(run_id)):
            text = known[run_id][1]
        if text is None:
            text, signature = _make(run_id, root)
            if signature:
                fresh.append((run_id, signature, text))
        texts.append(text)
    if fresh:
        index.put_many(fresh)
    if limit is None and len(known) > len(ids):
        index.forget(set(known) - set(ids))
    return texts


def still(path: str, entry: Entry | None) -> bool:
    """Say whether nobody worked on the run in the folder `path` since its entry was put."""
    if entry is None:
        return False
    lease = entry[0].rpartition("|")[2]
    try:
        return _signature(path, lease) == entry[0]
    except OSError:
        return False


def _signature(path: str, lease: str) -> str:
    # A new attempt makes a new lease file, which changes the folder's time; a worker that was only thought dead
    # (another machine's, behind a slow network disk) touches its lease.
    touched = os.stat(f"{path}/{lease}").st_mtime_ns if lease else 0
    return f"{VERSION}|{os.stat(path).st_mtime_ns}|{touched}|{lease}"


def signature(run: RunFolder) -> str:
    """Return a text that changes when somebody works on the run again; cheap to compare with `still`."""
    leases = sorted(entry.name for entry in os.scandir(run.path) if entry.name.startswith("lease-"))
    return _signature(str(run.path), leases[-1] if leases else "")


def _make(run_id: str, root: Path) -> tuple[str, str]:
    """Return a run's summary, and its signature when it may be cached ("" while somebody works on it)."""
    try:
        run = open_run(run_id, root)
        mark = signature(run)
        view = RunView(run)
        view.update()
        return view.summary().model_dump_json(), "" if view.alive else mark
    except (StoreError, OSError) as error:
        return damaged(run_id, error).model_dump_json(), ""


def damaged(run_id: str, error: Exception) -> RunSummary:
    """Return the row of a run that cannot be read: it is shown, with the reason, and hides no other."""
    newer = "newer fmtools" in str(error)
    reason = "It was written by a newer fmtools: update to read it." if newer else "Its run.json cannot be read."
    facts = dict.fromkeys(("task", "model", "data"), "")
    return RunSummary(head=Head(id=run_id, name=run_id, status="failed", error=reason, **facts))
