"""The process of a follower: `python -m fmtools.runtime.follow_process RUN_FOLDER NAME PLACE`.

It reads the run's log and writes to the tool; the worker never waits for it. What goes wrong is tried again, then said.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.errors import FmError
from ..core.following import Followed, Follower
from ..store import followers
from ..store.runs import RunFolder
from .follow_log import follow

#: Seconds before each new try, and the seconds that a follower which is about to leave is waited for.
AGAIN, LEAVING = (0.5, 2.0, 8.0), 20.0


def main(path: Path, name: str, place: str) -> int:
    """Follow a run to its end; return 0 when all of it has reached the tool, or somebody else follows it already."""
    from filelock import FileLock, Timeout

    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    try:
        with FileLock(followers.folder(path) / f"{name}.lock", timeout=LEAVING):
            return _work(RunFolder(path), name, place)
    except Timeout:
        return 0


def _work(run: RunFolder, name: str, place: str) -> int:
    plugin: Follower = registry.get("followers", name)
    facts: dict[str, Any] = {"place": place, "line": plugin.line(place), "pid": os.getpid()}
    followers.keep(run.path, name, {**facts, "state": "following", "points": 0})
    for pause in (*AGAIN, None):
        try:
            points = _once(run, plugin, place)
        except Exception as error:
            traceback.print_exc()
            if pause is None:
                _give_up(run, name, facts, error)
                return 1
            time.sleep(pause)
        else:
            followers.keep(run.path, name, {**facts, "state": "done", "points": points})
            return 0
    raise AssertionError("unreachable")


def _once(run: RunFolder, plugin: Follower, place: str) -> int:
    record = run.record
    about = {name: version for name, version in record.versions.items() if name in ("fmtools", "torch", "transformers")}
    known = Followed(
        record.id, record.name, record.task, record.model, record.data, place, record.created, record.options, about
    )
    sink = plugin.open(known)
    try:
        return follow(run, sink)
    finally:
        sink.close()


def _give_up(run: RunFolder, name: str, facts: dict[str, Any], error: Exception) -> None:
    said = error.cause if isinstance(error, FmError) else (str(error).strip().splitlines() or [type(error).__name__])[0]
    text = f"{name} does not follow this run any more: {said[:300]} `%fm_follow {run.id} --to {name}` begins again."
    followers.keep(run.path, name, {**facts, "state": "failed", "points": 0, "error": said[:300]})
    followers.complain(run.path, name, text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
