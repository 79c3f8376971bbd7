"""Runs seen from outside, by their folders: which is new, when a step was done, who works on it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

from fmtools.store import lease
from fmtools.store.log import LogReader
from fmtools.store.runs import RunFolder, open_run, run_ids


def events(run: RunFolder, kind: str) -> list[dict[str, Any]]:
    """Return the records of one type in a run's log so far."""
    return [record for record in LogReader(run.events).read() if record.get("type") == kind]


def wait_for(run: RunFolder, kind: str, seconds: float = 300.0) -> dict[str, Any]:
    """Return the first record of a type as soon as it is there. Raises TimeoutError; RuntimeError for a run that ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        alive = run.alive()
        if found := events(run, kind):
            return found[0]
        if not alive:
            raise RuntimeError(f"The run ended without any {kind}: {events(run, 'error')}")
        time.sleep(0.02)
    raise TimeoutError(f"No {kind} within {seconds:.0f} s.")


def wait_for_new(known: set[str], seconds: float = 120.0) -> RunFolder:
    """Return the run that is not among the ids `known`, as soon as it is there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if new := set(run_ids()) - known:
            return open_run(new.pop())
        time.sleep(0.01)
    raise TimeoutError(f"No new run within {seconds:.0f} s.")


def kill(run: RunFolder) -> None:
    """Kill the worker of a run as the system does when memory is short, and wait until it is gone."""
    holder, _ = lease.newest(run.path)
    assert holder is not None
    assert holder.host == lease.host_key()
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder.pid, signal.SIGKILL)
    while lease.alive(run.path):
        time.sleep(0.01)
