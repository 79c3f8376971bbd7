"""Starting followers: a process of their own for each, beside the worker and the kernel."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable

from ..core import registry
from ..core.errors import FmError
from ..core.following import Follower
from ..store import followers
from ..store.runs import RunFolder, home

_started: list[subprocess.Popen[bytes]] = []


def check(names: Iterable[str]) -> None:
    """Raise OptionError for a follower that there is not, or whose tool is not installed: before a run is made."""
    for name in names:
        registry.get("followers", name).check()


def place_of(run: RunFolder, name: str, wanted: str | None = None) -> str:
    """Return where a follower writes for a run: where it was told to, where it did before, or its usual place."""
    plugin: Follower = registry.get("followers", name)
    before = followers.states(run.path).get(name)
    if wanted is None and before:
        return str(before["place"])
    return plugin.place(wanted, run.path / "followers" / name, home())


def start(run: RunFolder, name: str, wanted: str | None = None) -> subprocess.Popen[bytes]:
    """Start a follower of a run; one that follows already makes the new one leave."""
    place = place_of(run, name, wanted)
    log = followers.folder(run.path) / f"{name}.log"
    with log.open("ab") as file:
        os.chmod(log, 0o600)
        process = subprocess.Popen(
            [sys.executable, "-m", "fmtools.runtime.follow_process", str(run.path), name, place],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # it follows to the run's end, whatever becomes of the kernel
        )
    _started[:] = [other for other in _started if other.poll() is None]
    _started.append(process)
    return process


def start_all(run: RunFolder) -> None:
    """Start the followers that a run was asked to have, and those that it had before (a resume). Never raises."""
    asked = run.record.options.get("follow") or []
    for name in dict.fromkeys([*asked, *followers.states(run.path)]):
        try:
            start(run, name)
        except (FmError, OSError) as error:
            with contextlib.suppress(OSError):
                followers.complain(run.path, name, f"{name} does not follow this run: {error}")


def said(names: Iterable[str], run: RunFolder) -> list[str]:
    """Return a notice for each follower: the line a user types to look."""
    found = []
    for name in names:
        plugin: Follower = registry.get("followers", name)
        found.append(f"{name} follows this run: {plugin.line(place_of(run, name))}")
    return found
