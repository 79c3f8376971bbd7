"""A light process that saves checkpoints, to be killed by strace: saver.py RUN_FOLDER FIRST LAST [again|careless].

It says on stdout when a checkpoint is published. With `again` it publishes LAST a second time, as a resumed run may;
with `careless` it writes in place, as the control of the test.
"""

from __future__ import annotations

import os
import sys
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


def main() -> None:
    """Save from FIRST to LAST."""
    checkpoints = Checkpoints(Path(sys.argv[1]))
    os.write(1, b"begin\n")
    for step in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
        if sys.argv[4:] == ["careless"]:
            fill(checkpoints.folder / str(step), step)
            seal(checkpoints.folder / str(step), {"step": step})
        else:
            save(checkpoints, step)
    if sys.argv[4:] == ["again"]:
        save(checkpoints, int(sys.argv[3]))
    os.write(1, b"end\n")


if __name__ == "__main__":
    main()
