"""Memory that runs out: --memory-limit ends the worker with advice, the kernel's killer without a word; both are told, and
whoever asked goes on and trains again at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

import fmtools
from fmtools.store import lease, memory_note
from fmtools.store.runs import RunFolder
from support import at_step, gone, kill, pid_of, rows, train, until

pytestmark = [pytest.mark.slow, pytest.mark.fault]
LONG = [{"text": row["text"] * 30, "label": row["label"]} for row in rows(1500)]
GROUPS = Path("/sys/fs/cgroup/memory")


def most(pid: int) -> int:
    """Return the most that a process held until it ended, as seen every few milliseconds."""
    seen = 0
    while not gone(pid):
        try:
            seen = max(seen, psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            break
    return seen


def test_a_run_over_its_limit_ends_with_advice_and_the_next_one_trains(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, data=LONG, batch_size=1000, max_length=512, memory_limit="1100MB", background=True)
    pid = pid_of(run)
    held = most(pid)
    assert run.wait().status == "failed"
    assert held < 1.35e9, held  # the look, and what one layer takes in between
    assert "more than --memory-limit 1100MB allows." in run.head.error
    assert "--batch-size 500 --gradient-accumulation 2" in run.head.error
    assert "--fit 1100MB" in run.head.error
    assert train(tiny, epochs=0.2, memory_limit="3GB").status == "done"


def test_one_allocation_far_over_the_limit_is_refused_before_it_is_made(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, data=LONG, batch_size=1300, max_length=512, memory_limit="900MB", save_minutes=60)
    assert run.status == "failed"
    assert "--memory-limit 900MB allows." in run.head.error
    assert run.head.error.count("--batch-size 650 --gradient-accumulation 2") == 1


def test_a_limit_below_what_libraries_take_says_so(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, memory_limit="100MB")
    assert run.status == "failed"
    assert "--memory-limit 100MB is less than the 0." in run.head.error
    assert "Give at least --memory-limit" in run.head.error


def test_the_limit_is_for_all_processes_of_a_run_together(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, data=LONG, batch_size=1000, max_length=512, memory_limit="2GB", processes=2)
    assert run.status == "failed"
    assert "--memory-limit 2GB (1.00 GB a process) allows. Run it again with --batch-size 500" in run.head.error


def test_inline_it_stops_the_run_and_not_the_kernel(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, inline=True, epochs=40, memory_limit="100MB")
    assert run.status == "stopped"
    assert run.head.step < run.head.total_steps
    assert any("--memory-limit 100MB" in notice.text for notice in run.view.increment().notices)


def test_a_worker_that_is_killed_has_left_a_note_of_its_memory(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, epochs=50, background=True)
    at_step(run, 3)
    note = until(lambda: memory_note.read(run.path, 1))
    held = psutil.Process(pid_of(run)).memory_info().rss
    assert 0.5 * held < note.held < 1.5 * held
    kill(run)
    assert run.status == "interrupted"
    assert "without saying why" in run.head.message  # there was memory enough


def test_a_note_of_memory_at_its_end_becomes_the_reason(make_run: Callable[..., RunFolder]) -> None:
    folder = make_run(
        [{"type": "step", "step": 7, "epoch": 1.0, "loss": 1.0, "learning_rate": 1e-3}], options={"batch_size": 32}
    )
    dead = lease.Lease(1, 2**22 + 1, "long ago", lease.host_key(), "here")
    (folder.path / "lease-0001.json").write_text(json.dumps(asdict(dead)))
    memory_note.write(folder.path, memory_note.MemoryNote(1, 7_400_000_000, 90_000_000, 8_000_000_000, 0))
    said = fmtools.attach(folder.id).head
    assert said.status == "interrupted"
    assert "most likely for want of memory: it held 7.4 GB, and the machine had 90.0 MB of 8.0 GB left" in said.message
    assert "--batch-size 16" in said.message
    memory_note.write(folder.path, memory_note.MemoryNote(2, 7_400_000_000, 90_000_000, 8_000_000_000, 0))
    assert "want of memory" not in fmtools.attach(folder.id).head.message  # another attempt's


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A memory control group of 1.2 GB, where this system lets us make one."""
    group = GROUPS / f"fmtools-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text("1200000000")
    except OSError:
        pytest.skip("memory control groups (v1) cannot be made here")
    yield group
    group.rmdir()


def test_the_kernels_killer_is_named_as_the_reason(small_group: Path, tiny: Path, shared_store: Path) -> None:
    run = train(tiny, data=LONG, batch_size=1000, max_length=512, background=True)
    pid = pid_of(run)
    (small_group / "cgroup.procs").write_text(str(pid))
    until(lambda: gone(pid), seconds=120)
    assert run.wait().status == "interrupted"
    assert "most likely for want of memory" in run.head.message
    assert "its container had" in run.head.message
    assert train(tiny, epochs=0.2).status == "done"
