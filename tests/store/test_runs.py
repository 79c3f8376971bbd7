"""Run folders: made whole, found by what people type, and safe from names that are paths."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from fmtools.core.errors import StoreError
from fmtools.store import runs


def test_a_new_run_is_whole_and_private(make_run: Any, store: Path) -> None:
    old = os.umask(0o022)
    try:
        run = make_run(name="tiny", options={"epochs": 3})
    finally:
        os.umask(old)
    assert run.record.options == {"epochs": 3}
    assert sorted(p.name for p in run.path.iterdir()) == ["artifacts", "checkpoints", "control", "events", "run.json"]
    for path in [store, store / "runs", run.path, *run.path.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert runs.run_ids(store) == [run.id]


def test_a_run_that_cannot_be_made_leaves_nothing(store: Path, monkeypatch: pytest.MonkeyPatch, make_run: Any) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "write_json", full)
    with pytest.raises(StoreError, match="The disk is full"):
        make_run()
    assert list((store / "runs").iterdir()) == []


def test_runs_are_found_by_id_beginning_name_and_last(make_run: Any, store: Path) -> None:
    first, second = make_run(name="first"), make_run(name="second")
    assert runs.find_run(first.id).id == first.id
    assert runs.find_run(first.id[:-1]).id == first.id
    assert runs.find_run(first.id[:-1].lower()).id == first.id
    assert runs.find_run("second").id == second.id
    assert runs.find_run("last").id == max(first.id, second.id)
    with pytest.raises(StoreError, match="Did you mean first"):
        runs.find_run("frist")
    with pytest.raises(StoreError, match="beginning of 2 runs"):
        runs.find_run(first.id[:4])


def test_an_empty_store_says_so(store: Path) -> None:
    assert runs.run_ids(store) == []
    with pytest.raises(StoreError, match="no runs yet"):
        runs.find_run("last")


@pytest.mark.parametrize(
    "word", ["..", "../x", "", ".", "/etc", "a" * 26, "I" * 26, "0" * 27, "0" * 26 + "\n", "*" * 26]
)
def test_only_ids_open(word: str, make_run: Any, store: Path) -> None:
    make_run()
    with pytest.raises(StoreError, match="There is no run"):
        runs.open_run(word, store)


def test_a_linked_run_is_none(make_run: Any, store: Path, tmp_path: Path) -> None:
    run = make_run()
    run.path.rename(tmp_path / "elsewhere")
    run.path.symlink_to(tmp_path / "elsewhere")
    assert runs.run_ids(store) == []
    with pytest.raises(StoreError, match="There is no run"):
        runs.open_run(run.id, store)


def test_damage_is_confined_and_named(make_run: Any, store: Path) -> None:
    good, bad, newer = make_run(name="good"), make_run(name="bad"), make_run(name="newer", schema_version=2)
    (bad.path / "run.json").write_text('{"id": 3}')
    with pytest.raises(StoreError, match=r"run\.json is damaged"):
        _ = bad.record
    with pytest.raises(StoreError, match="newer fmtools"):
        _ = newer.record
    assert runs.run_names(runs.run_ids(store), store) == {"good": good.id}


def test_a_run_nobody_claimed_is_alive_for_two_minutes(make_run: Any) -> None:
    run = make_run()
    assert run.alive()
    past = os.stat(run.path / "run.json").st_mtime - runs.CLAIM_WITHIN - 1
    os.utime(run.path / "run.json", (past, past))
    assert not run.alive()
