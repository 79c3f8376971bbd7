"""The same training on a Ray cluster that is made for it, and ends with it."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import fmtools
from fmtools.core.errors import OptionError, WorkerError
from support import at_step, records, steps_of, train, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'fmtools[ray]'"
    ),
]
EXACT = {"epochs": 2, "batch_size": 7, "dropout": 0.0, "optimizer": "sgd", "learning_rate": 0.1}


def of_ray() -> set[int]:
    """Return the processes of Ray on this machine."""
    found = set()
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in ("raylet", "gcs_server") or str(process.info["name"]).startswith("ray::"):
            found.add(process.pid)
    return found


def test_two_workers_on_ray_learn_what_one_process_learns_and_obey(tiny: Path, shared_store: Path) -> None:
    others, shared = of_ray(), set(os.listdir("/dev/shm"))
    one = train(tiny, **EXACT)
    run = train(
        tiny, **{**EXACT, "epochs": 400}, schedule="constant", warmup=0.0, processes=2, on="ray", background=True
    )
    until(lambda: run.status == "running", 300, 0.2)
    at_step(run, 5)
    assert not listening_outside(of_ray() - others)
    run.stop()
    run.wait()
    assert run.status == "stopped", run.head.error
    assert any(artifact.path.name == "model" for artifact in run.artifacts)
    # Warm-up and schedule differ with the length: what is equal is the first step.
    assert steps_of(run)[0]["loss"] == pytest.approx(steps_of(one)[0]["loss"], abs=1e-5)
    assert steps_of(run)[0]["grad_norm"] == pytest.approx(steps_of(one)[0]["grad_norm"], rel=1e-4)
    assert [record["device"] for record in records(run) if record["type"] == "plan"] == ["2 x cpu"]
    until(lambda: of_ray() <= others, 60, 0.2)
    assert set(os.listdir("/dev/shm")) <= shared
    assert (run.path / "worker.log").stat().st_size < 50_000
    until(lambda: not list(run.path.glob("ray-*")))  # goes when the cluster has, which is after the cell


def listening_outside(pids: set[int]) -> list[str]:
    """Return the addresses beyond this machine on which processes listen."""
    found = []
    for pid in pids:
        for connection in psutil.Process(pid).net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.ip.removeprefix("::ffff:") not in (
                "127.0.0.1",
                "::1",
            ):
                found.append(f"{psutil.Process(pid).name()} {connection.laddr}")
    return found


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port at which nobody answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"ray://127.0.0.1:{free.getsockname()[1]}"


def test_a_cluster_is_used_with_a_token_only(
    tiny: Path, nobody: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(OptionError, match="is used with a token only"):
        train(tiny, on=nobody)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(WorkerError, match="No Ray cluster answers"):
        train(tiny, on=nobody)
    with pytest.raises(OptionError, match="--on takes ray or ray://HOST:PORT"):
        train(tiny, on="http://example.org")
    assert not fmtools.runs().rows
