"""Tests between runs: here when what they did on each row is kept, else by a worker that lets their models answer again."""

from __future__ import annotations

from typing import Any

from ..stages import compare
from ..store.runs import RunFolder, home
from . import process


def significance(folders: list[RunFolder]) -> dict[str, Any]:
    """Test runs that have a model against the best of them; see stages.compare.significance."""
    records = [folder.record for folder in folders]
    runs = [
        {"name": folder.id, "task": record.task, "path": str(folder.path), "reference": record.dataset}
        for folder, record in zip(folders, records, strict=True)
    ]
    if all(compare.is_kept(run, home()) for run in runs):
        return compare.significance(runs, str(home()))
    return process.ask({"verb": "significance", "runs": runs, "root": str(home())})
