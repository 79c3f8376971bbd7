"""Fixtures for every test: a store in a temporary folder, and runs in it with real logs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Tiny models on a busy machine: threads that wait for each other cost more than they give. Workers inherit this.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# tests/support.py is imported as `support`: an installed package may well be called `tests`.
sys.path.insert(0, str(Path(__file__).parent))
import support
from fmtools.kit.fetching.assets import cache_root
from fmtools.store.log import LogWriter
from fmtools.store.runs import RunFolder, RunRecord, new_run_id

# Models and sets that `make assets` fetched stay in sight of tests that have a cache folder of their own.
os.environ.setdefault("FMTOOLS_CACHE", str(cache_root()))

#: What takes longest, in the order in which it is to begin: what begins last keeps all other processes waiting.
LONGEST = [
    "notebooks/text_tasks.ipynb",
    "notebooks/quickstart.ipynb",
    "tests/runtime/test_search_on_ray.py",
    "notebooks/customer_service.ipynb",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long in front (`make test` keeps this order), those with slow tests next."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    turns = {Path(__file__).parents[1] / name: number for number, name in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> tuple[int, bool]:
        return turns.get(item.path, len(turns)), item.path not in slow

    items.sort(key=turn)


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


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real encoder that trains in seconds; see support.save_encoder."""
    if support.tokenizer_folder() is None:
        pytest.skip("the package with MiniLM's tokenizer is not installed")
    return support.save_encoder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported classifier with random weights, for tests of servers."""
    import serving_models

    return serving_models.classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store that the tests of a module share, so that they can look at one run together."""
    root = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FMTOOLS_HOME", str(root / "store"))
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        yield root / "store"
