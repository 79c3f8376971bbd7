"""Checkpoints that can be trusted: staged, sealed with a manifest, published by rename, rotated by step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .files import discard, fault_in, new_id, private_folder, publish, seal, sweep, sync_folder

KEEP = 2


class Checkpoints:
    """The checkpoints of one run folder."""

    def __init__(self, run_folder: Path) -> None:
        self.run_folder = run_folder
        self.folder = private_folder(run_folder / "checkpoints")
        self._kept: int | None = None

    def steps(self) -> list[int]:
        """Return the published steps, oldest first, whether or not they verify."""
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit() and path.is_dir())

    def keep(self, step: int) -> None:
        """Let the checkpoint of `step` (the best so far) stay whatever comes; the one kept before may go."""
        self._kept = step

    def of(self, step: int) -> Path | None:
        """Return the checkpoint of a step; None when it is not there or a byte of it has changed."""
        path = self.folder / str(step)
        return path if path.is_dir() and not fault_in(path) else None

    @contextlib.contextmanager
    def stage(self) -> Iterator[Path]:
        """Give a fresh folder to fill; it is removed when it was not published."""
        stage = private_folder(self.folder / f".tmp-{os.getpid()}-{new_id()}")
        try:
            yield stage
        finally:
            sweep_one(stage)

    def publish(self, stage: Path, step: int) -> int:
        """Seal `stage` as the checkpoint of `step`, then drop old ones; return its size in bytes."""
        size = seal(stage, {"step": step})
        publish(stage, self.folder / str(step))
        self._rotate()
        return size

    def newest(self) -> tuple[Path | None, list[str]]:
        """Return the newest checkpoint whose every byte matches, and sentences about those that had to be set aside."""
        sweep(self.folder)
        said: list[str] = []
        for step in reversed(self.steps()):
            path = self.folder / str(step)
            fault = fault_in(path)
            if not fault:
                return path, said
            self._quarantine(path)
            said.append(f"The checkpoint of step {step} was set aside in quarantine/: {fault}.")
        return None, said

    def _quarantine(self, path: Path) -> None:
        quarantine = private_folder(self.run_folder / "quarantine")
        os.rename(path, quarantine / f"checkpoint-{path.name}-{new_id()}")
        sync_folder(quarantine)

    def _rotate(self) -> None:
        for step in self.steps()[:-KEEP]:
            if step != self._kept:
                discard(self.folder / str(step))


def sweep_one(stage: Path) -> None:
    """Remove a stage folder that still bears its temporary name."""
    import shutil

    if stage.exists():
        shutil.rmtree(stage, ignore_errors=True)
