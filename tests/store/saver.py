"""Light processes that save checkpoints, to be killed by strace; what they import is imported once, for all of them.

`saver.py RUN_FOLDER FIRST LAST [again|careless]` says on stdout when a checkpoint is published. With `again` it publishes
LAST a second time, as a resumed run may; with `careless` it writes in place, as the control of the test.

Without arguments it takes jobs from stdin, each a JSON list [file for stdout, the arguments ...]. A job is a forked process,
which tells its number on stdout when it is ready; it waits for a byte, so that strace can take hold of it before it makes a
call, and not before its own preparations are over. When it has ended, its status is told.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path

from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import seal


def fill(folder: Path, step: int) -> None:
    """Write what a checkpoint of `step` holds."""
    (folder / "inner").mkdir(parents=True)
    for name, size in (("model.bin", 4000), ("optimizer.bin", 9000), ("inner/state.json", 50)):
        (folder / name).write_bytes(bytes([step]) * size)


def save(checkpoints: Checkpoints, step: int) -> None:
    """Write a checkpoint of three files, one of them in a folder, and publish it."""
    with checkpoints.stage() as stage:
        fill(stage, step)
        checkpoints.publish(stage, step)
    os.write(1, f"published {step}\n".encode())


def work(folder: str, first: str, last: str, *how: str) -> None:
    """Save from `first` to `last`."""
    checkpoints = Checkpoints(Path(folder))
    os.write(1, b"begin\n")
    for step in range(int(first), int(last) + 1):
        if how == ("careless",):
            fill(checkpoints.folder / str(step), step)
            seal(checkpoints.folder / str(step), {"step": step})
        else:
            save(checkpoints, step)
    if how == ("again",):
        save(checkpoints, int(last))
    os.write(1, b"end\n")


def job(out: int, said: str, *arguments: str) -> None:
    """Work as a process of its own would, and end; `out`: where to say that strace may come."""
    status = 1
    try:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER: strace is no parent of this process
        os.write(out, f"{os.getpid()}\n".encode())
        os.read(0, 1)
        work(*arguments)
        status = 0
    finally:
        os._exit(status)


def serve() -> None:
    """Take jobs until stdin ends."""
    out = os.dup(1)
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        work(folder, "1", "2", "again")  # what is imported at the first call is there before the fork
    while asked := os.read(0, 1 << 16):
        pid = os.fork()
        if not pid:
            job(out, *json.loads(asked))
        os.write(out, f"{os.waitpid(pid, 0)[1]}\n".encode())


if __name__ == "__main__":
    work(*sys.argv[1:]) if sys.argv[1:] else serve()
