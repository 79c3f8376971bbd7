"""The index is a cache: whatever is done to it, nothing fails and nothing wrong is returned."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from fmtools.store import index as module
from fmtools.store.index import Index


@pytest.fixture
def home(store: Path) -> Path:
    return store


def opened(home: Path) -> tuple[Index, Path]:
    index = Index(home)
    assert index.path is not None
    return index, index.path


def test_what_is_put_is_got_by_the_same_signature_only(home: Path) -> None:
    index, path = opened(home)
    index.put("A", "s1", '{"a": "模型"}')
    index.put_many([("B", "s2", "b"), ("A", "s3", "newer")])
    assert (index.get("A", "s1"), index.get("A", "s3"), index.get("B", "s2"), index.get("C", "")) == (
        None,
        "newer",
        "b",
        None,
    )
    other = Index(home)
    assert other.all() == {"A": ("s3", "newer"), "B": ("s2", "b")}
    other.forget(["A"])
    assert Index(home).all() == {"B": ("s2", "b")}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Index(home / "another").path != path


def test_it_may_be_deleted_at_any_time(home: Path) -> None:
    index, path = opened(home)
    index.put("A", "s", "a")
    path.unlink()
    index.put("B", "s", "b")
    assert index.get("A", "s") == "a"
    assert Index(home).all() == {"B": ("s", "b")}
    for left in path.parent.iterdir():
        left.unlink()
    index.put("C", "s", "c")
    assert Index(home).get("C", "s") == "c"
    path.parent.rename(path.parent.with_name("gone"))
    index.put("D", "s", "d")
    assert index.get("D", "s") == "d"


@pytest.mark.fault
def test_damage_is_never_an_error_and_never_a_wrong_answer(home: Path) -> None:
    index, path = opened(home)
    truth = {f"R{n}": ("s", f"text {n} " * 30) for n in range(60)}
    index.put_many([(run_id, *entry) for run_id, entry in truth.items()])
    index.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    good, rng = path.read_bytes(), random.Random(5)
    for turn in range(150):
        bad = bytearray(good)
        if turn % 3 == 0:
            del bad[rng.randrange(len(bad)) :]
        else:
            for _ in range(40):
                bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        fresh = Index(home)
        for run_id, (_, text) in fresh.all().items():
            assert run_id not in truth or text == truth[run_id][1]
        fresh.put("new", "s", "n")
        assert fresh.get("new", "s") == "n"
        fresh.close()
        for left in path.parent.glob(path.name + "*"):
            left.unlink()


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_made_anew(home: Path, content: bytes) -> None:
    index, path = opened(home)
    path.write_bytes(content)
    index.put("A", "s", "a")
    assert Index(home).get("A", "s") == "a"


def test_a_table_of_another_shape_is_passed_by(home: Path) -> None:
    index, path = opened(home)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE runs (other INTEGER)")
    db.close()
    index.put("A", "s", "a")
    assert index.get("A", "s") == "a"
    assert Index(home).all() in ({}, {"A": ("s", "a")})


def test_a_locked_file_is_passed_by(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    index, path = opened(home)
    index.put("A", "s", "a")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    index.close()
    index.put("B", "s", "b")
    assert index.get("B", "s") == "b"
    holder.execute("ROLLBACK")
    holder.close()
    assert Index(home).get("A", "s") == "a"


def test_a_folder_that_cannot_be_made_leaves_it_in_memory(tmp_path: Path, home: Path, monkeypatch: Any) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    index = Index(home)
    index.put("A", "s", "a")
    assert (index.path, index.get("A", "s")) == (None, "a")


def test_a_planted_folder_or_link_is_not_used(tmp_path: Path, home: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "planted"))
    (tmp_path / "planted").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "planted" / "fmtools").symlink_to(tmp_path / "target")
    assert Index(home).path is None
    (tmp_path / "planted" / "fmtools").unlink()
    (tmp_path / "planted" / "fmtools").mkdir()
    if hasattr(os, "getuid"):
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        assert Index(home).path is None


def test_a_network_disk_is_not_used(tmp_path: Path, monkeypatch: Any) -> None:
    line = "36 35 0:42 / {} rw,relatime shared:1 - {} server:/export rw"
    for kind, remote in (("nfs4", True), ("fuse.sshfs", True), ("ext4", False)):
        text = line.format("/", "ext4") + "\n" + line.format(tmp_path.resolve(), kind)
        monkeypatch.setattr(Path, "read_text", lambda self, text=text: text)
        assert module._remote(tmp_path) is remote


def test_threads_share_one_index(home: Path) -> None:
    index, _ = opened(home)

    def put(worker: int) -> None:
        for n in range(50):
            index.put(f"{worker}-{n}", "s", "x" * n)

    threads = [threading.Thread(target=put, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Index(home).all()) == 200
