"""The card in a cell of a real kernel: one output, updated while the run grows, a picture in it, no flood of messages."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from fmtools.core.wire import MIME_TYPE
from fmtools.store import lease
from fmtools.store.log import LogWriter
from fmtools.store.runs import RunFolder

pytestmark = [pytest.mark.slow]
STEPS = 40


@pytest.fixture
def growing(make_run: Callable[..., RunFolder]) -> Iterator[tuple[RunFolder, threading.Event]]:
    """A run that this process works on for four seconds from the moment the event is set, writing a real log."""
    run, begin = make_run([]), threading.Event()
    lease.claim(run.path)
    thread = threading.Thread(target=_grow, args=(run, begin))
    thread.start()
    yield run, begin
    begin.set()
    thread.join()


def _grow(run: RunFolder, begin: threading.Event) -> None:
    begin.wait()
    writer = LogWriter(run.events, 1, 10)
    facts = {"attempt": 1, "t": time.time()}
    writer.append({"type": "status", "status": "running", **facts})
    for step in range(1, STEPS + 1):
        writer.append({"type": "step", "step": step, "epoch": 0.1, "loss": 1 / step, "learning_rate": 1e-4, **facts})
        time.sleep(0.1)
    writer.append({"type": "status", "status": "done", **facts})
    writer.close()


def test_cell_updates_one_output(growing: tuple[RunFolder, threading.Event], store: Path) -> None:
    run, begin = growing
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "FMTOOLS_HOME": str(store)})
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(60)
        outputs: list[dict[str, object]] = []

        def seen(message: dict[str, object]) -> None:
            outputs.append(message)
            if message["msg_type"] == "display_data":  # how long a kernel takes to get there is another matter
                begin.set()

        client.execute_interactive("%load_ext fmtools", timeout=60)
        code = f"run = %fm_attach {run.id} --wait"
        client.execute_interactive(code, timeout=60, output_hook=seen)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    shown = [m for m in outputs if m["msg_type"] in ("display_data", "update_display_data")]
    assert [m["msg_type"] for m in shown].count("display_data") == 1, [m["msg_type"] for m in outputs]
    assert 3 <= len(shown) <= 12, "about two a second, never one a step"
    last = shown[-1]["content"]["data"]  # type: ignore[index]
    assert last[MIME_TYPE]["snapshot"]["head"]["status"] == "done"
    assert len([p for p in last[MIME_TYPE]["snapshot"]["points"] if p["series"] == "loss"]) == STEPS
    assert last["image/png"].startswith("iVBOR")
    assert len(json.dumps(last)) < 300_000
