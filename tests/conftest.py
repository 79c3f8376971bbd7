"""Fixtures for every test: a store in a temporary folder, and runs in it with real logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fmtools.store.log import LogWriter
from fmtools.store.runs import RunFolder, RunRecord, new_run_id


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store, named by FMTOOLS_HOME, whose index lies in a cache folder of its own."""
    home = tmp_path / "store"
    monkeypatch.setenv("FMTOOLS_HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return home


@pytest.fixture
def make_run(store: Path) -> Callable[..., RunFolder]:
    """Make a run with the given events in its log; `t` and `attempt` are added where they are missing."""

    def make(events: Iterable[dict[str, Any]] = (), *, attempt: int = 1, **facts: Any) -> RunFolder:
        known = {"name": "tiny", "task": "text-classification", "model": "minilm", "data": "intents"}
        run = RunFolder.create(RunRecord(**{"id": new_run_id(), "created": time.time(), **known, **facts}), store)
        append(run, events, attempt=attempt)
        return run

    return make


def append(run: RunFolder, events: Iterable[dict[str, Any]], *, attempt: int = 1, first_seq: int = 1) -> None:
    """Write events with a writer of their own, as an attempt does."""
    writer = LogWriter(run.events, attempt, first_seq)
    for event in events:
        writer.append({"t": time.time(), "attempt": attempt, **event})
    writer.close()


@pytest.fixture(name="append")
def append_fixture() -> Callable[..., None]:
    """Append events to a run: append(run, events, attempt=2, first_seq=8)."""
    return append
