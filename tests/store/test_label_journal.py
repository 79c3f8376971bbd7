"""The journal of a labeller: on the disk when acknowledged, read back whole, in order, from every process that wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fmtools.core.errors import StoreError
from fmtools.store.label_journal import Journal, versions_with_journal

REFERENCE = "shop@0123456789abcdef"
WRITER = """
import sys
from pathlib import Path
from fmtools.store.label_journal import Journal
journal = Journal("shop@0123456789abcdef", Path(sys.argv[1]))
for row in range(10_000):
    journal.append("decide", split="all", row=row, state={"label": "good"})
    print(row, flush=True)
"""


def test_what_is_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(20):
            said = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        said = max([said, *map(int, process.stdout.read().split())])
    rows = [record["row"] for record in Journal(REFERENCE, tmp_path).news()]
    assert rows[: said + 1] == list(range(said + 1))
    assert len(rows) <= said + 2, "at most the one that was not acknowledged"


def test_records_of_two_processes_come_in_the_order_of_time(tmp_path: Path) -> None:
    one, two = Journal(REFERENCE, tmp_path), Journal(REFERENCE, tmp_path)
    one.append("label", name="a")
    two.news()
    two.append("label", name="b")
    assert [record["name"] for record in one.news()] == ["b"]
    one.append("label", name="c")
    assert [record["name"] for record in Journal(REFERENCE, tmp_path).news()] == ["a", "b", "c"]
    assert versions_with_journal("shop", tmp_path) == ["0123456789abcdef"]


def test_a_torn_and_a_damaged_line_cost_only_themselves(tmp_path: Path) -> None:
    journal = Journal(REFERENCE, tmp_path)
    for name in "abc":
        journal.append("label", name=name)
    journal.close()
    (path,) = journal.folder.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b'"b"', b'"x"') + lines[2][:-9])
    again = Journal(REFERENCE, tmp_path)
    assert [record["name"] for record in again.news()] == ["a"]
    assert again.lost == 1


def test_what_the_disk_refuses_waits_and_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(REFERENCE, tmp_path)
    journal.append("label", name="a")
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="no space left"):
        journal.append("label", name="b")
    assert journal.waiting == 1
    with pytest.raises(StoreError):
        journal.append("label", name="c")
    monkeypatch.setattr(os, "fsync", real)
    journal.settle()
    assert journal.waiting == 0
    assert [record["name"] for record in Journal(REFERENCE, tmp_path).news()] == ["a", "b", "c"]


def test_private_and_nothing_before_the_first_decision(tmp_path: Path) -> None:
    journal = Journal(REFERENCE, tmp_path)
    assert journal.news() == []
    assert not journal.folder.exists()
    journal.append("label", name="a")
    assert journal.folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in journal.folder.iterdir())
