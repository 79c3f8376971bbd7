"""Interrupts and restarts of a real kernel while a real run goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

import fmtools
from fmtools.store.runs import run_ids
from support import at_step, gone, pid_of, rows, until

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.alone]
TRAIN = (
    "run = fmtools.train(data=rows, model={model!r}, epochs={epochs}, batch_size=8, watch_every=0, precision='fp32')"
)


class Kernel:
    """A kernel with fmtools imported and rows at hand."""

    def __init__(self, model: Path) -> None:
        self.model = str(model)
        self.manager, self.client = start_new_kernel()
        self.setup()

    def setup(self) -> None:
        self.run(
            f"import os, fmtools\nos.environ['FMTOOLS_HOME'] = {os.environ['FMTOOLS_HOME']!r}\nrows = {rows(96)!r}"
        )

    def begin(self, epochs: float) -> tuple[str, fmtools.Run]:
        """Start a cell that trains; return its message and the run."""
        known = set(run_ids())
        asked: str = self.client.execute(TRAIN.format(model=self.model, epochs=epochs))
        new = until(lambda: set(run_ids()) - known)
        return asked, fmtools.attach(new.pop())

    def reply(self, asked: str) -> dict[str, Any]:
        """Wait for the end of a cell."""
        while True:
            message: dict[str, Any] = self.client.get_shell_msg(timeout=120)
            if message["parent_header"]["msg_id"] == asked:
                return message["content"]

    def run(self, code: str) -> str:
        """Run a cell and return what it printed."""
        said: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text", "") or "\n".join(content.get("traceback", [])))

        self.client.execute_interactive(code, timeout=120, output_hook=hook)
        return "".join(said)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tiny: Path, shared_store: Path) -> Iterator[Kernel]:
    kernel = Kernel(tiny)
    yield kernel
    kernel.close()


def test_one_interrupt_stops_and_saves(kernel: Kernel) -> None:
    asked, run = kernel.begin(epochs=100)
    at_step(run, 3)
    pid = pid_of(run)
    kernel.manager.interrupt_kernel()
    until(lambda: gone(pid))
    ended = time.monotonic()
    reply = kernel.reply(asked)
    assert time.monotonic() - ended < 2
    assert reply["status"] == "ok"
    assert run.status == "stopped"
    assert (run.path / "artifacts/model/model.safetensors").is_file()
    said = kernel.run("print(run.status, repr(run.head.message))")
    assert said.startswith("stopped")
    assert "resume" in said


def test_two_interrupts_end_the_worker_at_once(kernel: Kernel) -> None:
    asked, run = kernel.begin(epochs=100)
    at_step(run, 3)
    pid = pid_of(run)
    run.pause()  # so that the first interrupt finds a worker, and the second one, too
    until(lambda: run.status == "paused")
    os.kill(pid, 19)  # SIGSTOP: a worker that does not answer
    kernel.manager.interrupt_kernel()
    time.sleep(0.5)
    assert not gone(pid)
    kernel.manager.interrupt_kernel()
    until(lambda: gone(pid), 5)
    ended = time.monotonic()
    reply = kernel.reply(asked)
    assert time.monotonic() - ended < 2
    assert reply["status"] == "ok"
    assert kernel.run("print(run.status)").strip() == "interrupted"


def test_the_run_goes_on_when_the_kernel_is_restarted(kernel: Kernel) -> None:
    _, run = kernel.begin(epochs=20)
    at_step(run, 3)
    pid = pid_of(run)
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    assert not gone(pid)
    kernel.setup()
    said = kernel.run(
        f"run = fmtools.attach({run.id!r}, wait=True)\nprint(type(run).__name__, run.status, run.head.attempt)"
    )
    assert said.strip() == "Run done 1"
