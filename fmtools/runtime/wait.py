"""Waiting for a run while somebody looks: tick by tick, until it has ended; an interrupt stops the run, not the kernel."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ..core.events import ENDED, Control
from ..store import controls, lease
from ..store.log import LogReader
from ..store.runs import RunFolder

#: Seconds between two ticks.
TICK = 0.1
#: Looks, a tick apart, whether an interrupt was the beginning of a restart.
LEAVE_LOOKS = 4


class Follower(Protocol):
    """Shows a run while it goes on: a card in a cell, lines on a terminal."""

    def start(self, run_folder: Path) -> None:
        """The run has its folder; its worker is being started."""
        ...

    def tick(self) -> None:
        """Called every tenth of a second."""
        ...

    def end(self) -> None:
        """The run has ended, or is left alone."""
        ...

    def leaving(self) -> bool:
        """Say whether this program is itself being ended (a kernel restart): an interrupt then is not for the run."""
        ...


class Silent:
    """A follower that shows nothing."""

    def start(self, run_folder: Path) -> None:
        pass

    def tick(self) -> None:
        pass

    def end(self) -> None:
        pass

    def leaving(self) -> bool:
        return False


class _Ending:
    """Knows whether a run has ended: its log says so, or nobody works on it any more."""

    def __init__(self, run: RunFolder) -> None:
        self.run, self._reader = run, LogReader(run.events)
        self._attempt = (lease.newest(run.path)[0] or lease.Lease(0, 0, "", "", "")).attempt
        self._ended = False

    def __call__(self) -> bool:
        gone = not self.run.alive()  # looked at first: what is read afterwards is all there will be
        for record in self._reader.read():
            if record.get("type") == "status" and record.get("attempt") == self._attempt:
                self._ended = record["status"] in ENDED
        return self._ended or gone


def wait(run: RunFolder, follower: Follower) -> None:
    """Return when the run has ended, or when this program is being ended.

    The first interrupt asks the worker to stop at its step's end and save; the second ends the worker at once. Either way
    this returns normally: the run is in the store, and can be resumed. A kernel restart begins with an interrupt, too:
    that one leaves the run alone.
    """
    follow(_Ending(run), lambda interrupts: _obey(run, interrupts), follower)


def follow(ended: Callable[[], bool], obey: Callable[[int], None], follower: Follower) -> None:
    """Tick until `ended`; an interrupt that is not the beginning of a restart is handed, counted, to `obey`."""
    interrupts = 0
    while True:
        try:
            while not ended():
                follower.tick()
                time.sleep(TICK)
            break
        except KeyboardInterrupt:
            interrupts += 1
            if _left(follower):
                break
            obey(interrupts)
    follower.end()


def _left(follower: Follower) -> bool:
    """Wait a moment for a restart to show itself; the order of its interrupt and its request is not ours."""
    for _ in range(LEAVE_LOOKS):
        if follower.leaving():
            return True
        time.sleep(TICK)
    return False


def _obey(run: RunFolder, interrupts: int) -> None:
    if interrupts == 1:
        controls.add(run.path, Control(action="stop", by="interrupt"))
        return
    holder, _ = lease.newest(run.path)
    if holder is not None and holder.host == lease.host_key() and lease.alive(run.path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)
