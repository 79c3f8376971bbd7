"""Who works on a run: one at a time, and the dead are known as dead."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fmtools.core.errors import StoreError
from fmtools.store import lease

CLAIM = (
    "import sys, time\nfrom pathlib import Path\nfrom fmtools.store import lease\n"
    "lease.claim(Path(sys.argv[1])); print('claimed', flush=True); time.sleep(60)"
)


def race(folder: Path, gate: Any, results: Any) -> None:
    gate.wait()
    try:
        results.put(lease.claim(folder).attempt)
    except StoreError as error:
        results.put(str(error))
    time.sleep(1.0)  # alive until every other has tried


@pytest.mark.parametrize("earlier", [0, 1])
def test_of_many_claims_at_once_one_wins(tmp_path: Path, earlier: int) -> None:
    spawn = multiprocessing.get_context("fork")
    for turn in range(5):
        folder = tmp_path / str(turn)
        folder.mkdir()
        if earlier:
            dead_lease(folder)
        gate, results = spawn.Barrier(4), spawn.Queue()
        workers = [spawn.Process(target=race, args=(folder, gate, results)) for _ in range(4)]
        for worker in workers:
            worker.start()
        got = [results.get(timeout=30) for _ in workers]
        for worker in workers:
            worker.join()
        assert sorted(got, key=str)[0] == 1 + earlier
        assert sum(isinstance(answer, int) for answer in got) == 1, got
        assert all("process" in answer for answer in got if isinstance(answer, str))


def dead_lease(folder: Path, attempt: int = 1, **facts: Any) -> None:
    known = {"attempt": attempt, "pid": 2**22 + 1, "started": "1", "host": lease.host_key(), "machine": "here"}
    (folder / f"lease-{attempt:04d}.json").write_text(json.dumps({**known, **facts}))


def test_nobody_yet_and_the_dead(tmp_path: Path) -> None:
    assert not lease.alive(tmp_path)
    dead_lease(tmp_path)
    assert not lease.alive(tmp_path)
    assert lease.claim(tmp_path).attempt == 2
    assert lease.alive(tmp_path)


def test_a_pid_used_again_is_another_process(tmp_path: Path) -> None:
    dead_lease(tmp_path, pid=os.getpid(), started="12345")
    assert not lease.alive(tmp_path)


def test_a_killed_process_and_a_zombie_are_dead(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CLAIM, str(tmp_path)], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        assert lease.alive(tmp_path)
        with pytest.raises(StoreError, match=f"process {worker.pid}"):
            lease.claim(tmp_path)
        worker.kill()
        deadline = time.monotonic() + 10
        while lease.alive(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not lease.alive(tmp_path)  # and yet nobody has waited for it: it is a zombie
        assert Path(f"/proc/{worker.pid}").exists() or sys.platform != "linux"
    assert lease.claim(tmp_path).attempt == 2


def test_another_machine_is_judged_by_its_heartbeat(tmp_path: Path) -> None:
    dead_lease(tmp_path, host="elsewhere|boot|pid")
    assert lease.alive(tmp_path)
    past = time.time() - lease.STALE - 1
    os.utime(tmp_path / "lease-0001.json", (past, past))
    assert not lease.alive(tmp_path)
    lease.beat(tmp_path, 1)
    assert lease.alive(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": 1}', "\0" * 100])
def test_a_damaged_lease_is_alive_until_stale_and_keeps_its_number(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lease-0003.json"
    path.write_text(content)
    assert lease.alive(tmp_path)  # perhaps its writer is about to write it
    past = time.time() - lease.STALE - 1
    os.utime(path, (past, past))
    assert not lease.alive(tmp_path)
    assert lease.claim(tmp_path).attempt == 4


def test_a_process_that_cannot_be_told_apart_is_not_alive_for_ever(tmp_path: Path) -> None:
    dead_lease(tmp_path, started="")
    assert not lease.alive(tmp_path)


def test_a_full_disk_leaves_no_half_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lease, "write_all", full)
    with pytest.raises(StoreError, match="The disk is full"):
        lease.claim(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_who_is_killed_while_claiming_holds_nothing(tmp_path: Path, call: str) -> None:
    """The process ends itself, as kill -9 would, right when it would do a thing to its lease."""
    body = CLAIM.replace(
        "lease.claim(",
        f"import os; name = {call!r}\nsetattr(os, name, lambda *_: os.kill(os.getpid(), 9))\nlease.claim(",
        1,
    )
    killed = subprocess.run([sys.executable, "-c", body, str(tmp_path)], stdout=subprocess.DEVNULL)
    assert killed.returncode == -9
    assert not lease.alive(tmp_path)
    assert lease.claim(tmp_path).attempt == 1
    assert not list(tmp_path.glob(".tmp-*"))
