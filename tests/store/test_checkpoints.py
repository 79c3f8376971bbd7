"""Checkpoints that can be trusted: a process killed, starved or refused at every system call leaves a good one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmtools.store.checkpoints import KEEP, Checkpoints
from fmtools.store.files import fault_in

SAVER = Path(__file__).with_name("saver.py")
CALLS = ["write", "fsync", "rename", "mkdir", "openat", "unlinkat", "rmdir", "chmod", "unlink"]
STRACE = shutil.which("strace")


def save(checkpoints: Checkpoints, step: int, content: bytes = b"weights") -> Path:
    with checkpoints.stage() as stage:
        (stage / "model.bin").write_bytes(content * 100)
        checkpoints.publish(stage, step)
    return checkpoints.folder / str(step)


def test_newest_two_are_kept_by_step_whatever_the_clock_says(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (9, 10, 100):
        os.utime(save(checkpoints, step), (10**9 - step, 10**9 - step))
    assert checkpoints.steps() == [10, 100]
    assert checkpoints.newest() == (checkpoints.folder / "100", [])
    assert sorted(p.name for p in checkpoints.folder.iterdir()) == ["10", "100"]


def test_a_damaged_one_is_set_aside_and_the_older_one_used(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    older, newer = save(checkpoints, 1), save(checkpoints, 2)
    data = bytearray((newer / "model.bin").read_bytes())
    data[7] ^= 1
    (newer / "model.bin").write_bytes(data)
    found, said = checkpoints.newest()
    assert found == older
    assert said == ["The checkpoint of step 2 was set aside in quarantine/: model.bin differs from its checksum."]
    kept = list((tmp_path / "quarantine").iterdir())
    assert [bytes(data)] == [(path / "model.bin").read_bytes() for path in kept]
    assert checkpoints.newest() == (older, [])


def test_all_damaged_is_none(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        (save(checkpoints, step) / "MANIFEST.json").write_text('{"files": 3}')
    found, said = checkpoints.newest()
    assert (found, len(said)) == (None, 2)


def test_what_was_not_published_is_not_there(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    with checkpoints.stage() as stage:
        (stage / "model.bin").write_bytes(b"x")
    assert list(checkpoints.folder.iterdir()) == []
    assert checkpoints.newest() == (None, [])


def check(run: Path, output: str, at: str) -> None:
    """Fail unless the newest checkpoint verifies and is no older than the last that was called published."""
    published = [int(step) for step in re.findall(r"published (\d+)", output)]
    checkpoints = Checkpoints(run)
    steps = checkpoints.steps()
    assert all(fault_in(checkpoints.folder / str(step)) == "" for step in steps), at
    found, said = checkpoints.newest()
    assert said == [], (at, said)
    assert found is not None, at
    assert int(found.name) >= max([1, *published]), at
    content = (found / "model.bin").read_bytes()
    assert content == bytes([int(found.name)]) * 4000, at
    assert len(checkpoints.steps()) <= KEEP + 1
    assert not [p for p in checkpoints.folder.iterdir() if p.name.startswith(".")], at


class Savers:
    """Processes that save under strace, forked from one that has imported what they need."""

    def __init__(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, str(SAVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.asks, self.says = self.server.stdin, self.server.stdout

    def strace(self, run: Path, *options: str, how: str = "again") -> tuple[str, str]:
        """Save checkpoints 2 and 3, and 3 again, under strace; return what the saver said and what strace saw."""
        assert STRACE is not None
        log, said = run.with_suffix(".strace"), run.with_suffix(".said")
        self.asks.write(json.dumps([str(said), str(run), "2", "3", how]).encode())
        command = [STRACE, "-f", "-o", str(log), *options, "-p", self.says.readline().decode().strip()]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            first = tracer.stderr.readline()
            self.asks.write(b"!")
            self.says.readline()
            assert "attached" in first, first + tracer.stderr.read()
        return said.read_text(), log.read_text()

    def close(self) -> None:
        self.asks.close()
        self.server.wait(30)
        self.says.close()


@pytest.fixture(scope="module")
def savers() -> Iterator[Savers]:
    savers = Savers()
    yield savers
    savers.close()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with the checkpoint of step 1."""
    run = tmp_path_factory.mktemp("first") / "run"
    subprocess.run([sys.executable, str(SAVER), str(run), "1", "1"], check=True, capture_output=True)
    return run


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(STRACE is None, reason="strace is not installed: faults at system calls cannot be injected")
@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_a_fault_at_every_system_call(
    first: Path, savers: Savers, tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    points = 0
    for call in CALLS:
        for when in range(1, 400):
            run = tmp_path / f"{call}{when}"
            shutil.copytree(first, run)
            output, seen = savers.strace(run, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}")
            check(run, output, f"{call} {when} {fault}")
            shutil.rmtree(run)
            if "INJECTED" not in seen and output.endswith("end\n"):
                break
            points += 1
    with capsys.disabled():
        print(f"\n{points} system calls hit by {fault}: 0 runs without a verified checkpoint")
    assert points > 20


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.skipif(STRACE is None, reason="strace is not installed: faults at system calls cannot be injected")
def test_a_careless_saver_is_caught(first: Path, savers: Savers, tmp_path: Path) -> None:
    """The control of the test above: who writes in place is found out by it."""
    caught = 0
    for when in range(2, 6):  # the first says "begin"
        run = tmp_path / f"careless{when}"
        shutil.copytree(first, run)
        output, _ = savers.strace(
            run, "-e", "trace=write", "-e", f"inject=write:signal=KILL:when={when}", how="careless"
        )
        try:
            check(run, output, str(when))
        except AssertionError:
            caught += 1
    assert caught >= 2
