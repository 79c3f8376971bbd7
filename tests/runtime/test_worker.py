"""Worker processes: they stay warm for questions, outlive their parent only with a run, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

import fmtools
from fmtools.api import execute
from fmtools.core.errors import FmError, WorkerError
from fmtools.core.options import TrainOptions
from fmtools.runtime import process
from fmtools.runtime.wait import Silent
from fmtools.store.log import LogReader
from support import gone, pid_of, rows, steps_of, train, until, weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny)


def child(code: str) -> subprocess.Popen[str]:
    """Start a Python of its own that runs `code`."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)


def test_a_second_question_needs_no_new_process(run: fmtools.Run) -> None:
    run.predict("good day")
    first = process._standby
    assert first is not None
    run.predict("bad day")
    run.evaluate()
    run.attention("what a day")
    assert process._standby is first
    assert first.usable()


def test_a_question_that_fails_leaves_the_worker_warm(run: fmtools.Run) -> None:
    run.predict("good day")
    first = process._standby
    with pytest.raises(RuntimeError, match="The worker failed"):
        process.ask({"verb": "no such verb"})
    assert run.predict("good day")[0]["label"]
    assert process._standby is first


@pytest.mark.fault
def test_a_worker_killed_while_idle_is_said_once_and_replaced(run: fmtools.Run) -> None:
    run.predict("good day")
    first = process._standby
    assert first is not None
    first.process.kill()
    with pytest.raises(WorkerError, match="it was killed") as caught:
        first.ask({"verb": "hardware"})
    assert caught.value.cure
    assert run.predict("good day")[0]["label"]
    assert process._standby is not first


@pytest.mark.fault
def test_an_idle_worker_leaves_when_its_parent_is_killed() -> None:
    parent = child("""
        from fmtools.runtime import process
        process.ask({"verb": "hardware"})
        print(process._standby.pid, flush=True)
        import time; time.sleep(300)
    """)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    parent.kill()
    until(lambda: gone(pid), 10)
    parent.wait()
    parent.stdout.close()


@pytest.mark.fault
def test_a_worker_at_a_run_survives_its_parent(tiny: Path, run: fmtools.Run) -> None:
    parent = child(f"""
        import os, fmtools
        run = fmtools.train(data={rows(96)!r}, model={str(tiny)!r}, epochs=2, batch_size=8, learning_rate=1e-3,
                            watch_every=0, precision="fp32", background=True)
        print(run.id, flush=True)
        os.kill(os.getpid(), 9)
    """)
    assert parent.stdout is not None
    orphan = fmtools.attach(parent.stdout.readline().strip())
    assert parent.wait() == -9
    parent.stdout.close()
    orphan.wait()
    assert orphan.status == "done"
    assert weights(orphan) == weights(run)


def test_inline_is_the_same_run(tiny: Path, run: fmtools.Run) -> None:
    inside = train(tiny, inline=True)
    assert pid_of(inside) == os.getpid()
    assert weights(inside) == weights(run)
    assert inside.history == run.history
    assert len(steps_of(inside)) == len(steps_of(run)) > 0


def test_an_interrupted_inline_run_is_nobodys(tiny: Path, run: fmtools.Run) -> None:
    class Interrupts(Silent):
        """A user who interrupts the kernel at the third step."""

        def start(self, run_folder: Path) -> None:
            self.reader = LogReader(run_folder / "events")

        def tick(self) -> None:
            if any(r["type"] == "step" and r["step"] == 3 for r in self.reader.read()):
                raise KeyboardInterrupt

    options = TrainOptions.parse({**run.config, "data": rows(96), "inline": True, "name": "cut"})
    with pytest.raises(KeyboardInterrupt):
        execute(options, Interrupts())
    cut = fmtools.attach("cut")
    assert (cut.status, cut.head.alive) == ("interrupted", False)
    assert weights(cut.resume()) == weights(run)


def test_who_measures_memory_gets_a_worker_that_has_answered_nothing(tiny: Path, run: fmtools.Run) -> None:
    run.predict("lights on")
    used = process._standby
    assert used is not None
    worker = process.take(fresh=True)
    assert worker.pid != used.pid
    assert not worker.used
    until(lambda: not used.usable())  # it leaves by itself
    process.put_back(worker)
    assert process.take(fresh=True) is worker
    process.put_back(worker)


def test_runs_leave_no_process_and_no_handle_behind(tiny: Path, run: fmtools.Run) -> None:
    me = psutil.Process()
    own = process._standby.pid if process._standby else 0
    # What tests of other files left in this process (multiprocessing's resource tracker, say) is not these runs' doing.
    others = {child.pid for child in me.children()} - {own}

    def children() -> list[int]:
        return [child.pid for child in me.children() if child.pid not in others]

    train(tiny, epochs=0.2)
    process.warm_up()

    def held() -> tuple[int, int, int]:
        process.warm_up()  # reaps
        return me.num_fds(), len(children()), me.num_threads()

    until(lambda: held()[1] == 1)
    before = held()
    for _ in range(3):
        train(tiny, epochs=0.2)
    until(lambda: held() == before, 10)
    assert children() == [process._standby.pid if process._standby else 0]


@pytest.mark.fault
def test_a_worker_that_cannot_start_is_said_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho first >&2\necho libtorch.so is missing >&2\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    worker = process.Worker()
    try:
        with pytest.raises(FmError, match="exit status 3") as caught:
            worker.ask({"verb": "hardware"})
        assert "Its last words: libtorch.so is missing" in caught.value.cause
    finally:
        worker.close()
