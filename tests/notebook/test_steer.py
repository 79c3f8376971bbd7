"""Steering through its doors: a magic in a real kernel, the command line, Python and the server, all on one real run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import fmtools
from fmtools.store.checkpoints import Checkpoints
from support import records, rows, until

pytestmark = pytest.mark.slow
Kernel = tuple[object, object]


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> Iterator[tuple[fmtools.Run, object]]:
    """A run of a kernel's cell, paused, so that nothing depends on how fast this machine is."""
    manager, client = start_new_kernel(
        cwd=str(shared_store.parent), env={**os.environ, "FMTOOLS_HOME": str(shared_store)}
    )
    line = f"%fm_train --model {tiny} --data rows --epochs 2 --batch-size 8 --watch-every 0 --background"
    for code in (f"%load_ext fmtools\nrows = {rows(96)!r}", f"run = {line}", "run.pause()"):
        assert client.execute_interactive(code, timeout=120)["content"]["status"] == "ok"
    started = fmtools.attach("last")
    until(lambda: started.status == "paused", 120)
    yield started, client
    started.stop()
    started.wait()
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def obeyed(run: fmtools.Run) -> list[tuple[str, float | None, str]]:
    return [(r["action"], r["value"], r["by"]) for r in records(run) if r["type"] == "control"]


def test_magic(run: tuple[fmtools.Run, object]) -> None:
    paused, client = run
    said: list[dict[str, object]] = []
    code = "said = %fm_steer last --evaluate --extend 2 --wait 100\nprint(said)\nsaid"
    reply = client.execute_interactive(code, timeout=120, output_hook=said.append)  # type: ignore[attr-defined]
    assert reply["content"]["status"] == "ok"
    texts = [m["content"] for m in said if m["msg_type"] in ("stream", "execute_result")]  # type: ignore[index]
    assert "Extended by 2 epochs: step" in texts[0]["text"]
    assert "accuracy" in texts[1]["data"]["text/html"]
    assert obeyed(paused)[-2:] == [("extend", 2.0, "notebook"), ("evaluate", None, "notebook")]
    assert (paused.head.epochs, paused.head.total_steps) == (4.0, 44)


def test_command_line(run: tuple[fmtools.Run, object]) -> None:
    paused, _ = run
    command = [
        sys.executable,
        "-m",
        "fmtools",
        "steer",
        paused.id,
        "--save",
        "--learning-rate",
        "5e-5",
        "--wait",
        "100",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, answer["status"]) == (0, "paused")
    step = paused.head.step
    assert answer["wishes"] == [
        {"action": "set_learning_rate", "value": 5e-5, "step": step},
        {"action": "save", "value": None, "step": step},
    ]
    assert Checkpoints(paused.path).of(step) is not None


def test_python(run: tuple[fmtools.Run, object]) -> None:
    paused, _ = run
    before = len(obeyed(paused))
    paused.evaluate_now()
    paused.save_now()
    paused.extend(1)
    until(lambda: len(obeyed(paused)) == before + 3, 60)
    assert [action for action, _, _ in obeyed(paused)[before:]] == ["evaluate", "save", "extend"]
    assert paused.head.epochs == 5.0


def test_nothing_to_do_and_nobody_at_work_are_sentences(run: tuple[fmtools.Run, object]) -> None:
    command = [sys.executable, "-m", "fmtools", "steer", "last"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2
    assert "There is nothing to do." in done.stderr
