"""Environments of peers: made once from `requirements-NAME.txt`, kept under the cache folder, `benchmarks/NAME`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SEAL = "requirements.txt"


class NoEnvironment(Exception):
    """A peer could not be installed; the message is the installer's last word."""


def python(name: str, cache: Path) -> Path:
    """Return the interpreter of a peer's environment, made anew when its requirements have changed.

    Raises NoEnvironment where they cannot be installed: without a registry, or without room.
    """
    wanted, folder = (HERE / f"requirements-{name}.txt").read_text(), cache / "benchmarks" / name
    if not _sealed(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {name} into {folder} ...", file=sys.stderr, flush=True)
        _ask([sys.executable, "-m", "venv", str(folder)])
        _ask(
            [str(_interpreter(folder)), "-m", "pip", "install", "--quiet", "-r", str(HERE / f"requirements-{name}.txt")]
        )
        (folder / SEAL).write_text(wanted)  # last, so that half an environment is never taken for one
    return _interpreter(folder)


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _sealed(folder: Path, wanted: str) -> bool:
    try:
        return (folder / SEAL).read_text() == wanted and _interpreter(folder).exists()
    except OSError:
        return False


def _ask(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise NoEnvironment(str(error)) from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NoEnvironment(said[-1].strip() if said else f"{command[0]} ended with {done.returncode}")
