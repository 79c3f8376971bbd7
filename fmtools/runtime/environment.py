"""What a run's outcome depends on besides its options: the code around it, the machine, the files of data and model."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

#: Seconds that git may take; a repository on a slow disk must not keep a training waiting.
PATIENCE = 2.0
#: Weights are told apart by so many pieces of so many bytes, spread over each file: reading all of 10 GB takes too long.
PIECES, PIECE = 64, 1 << 16


def seen(model_folder: str, data: Any) -> dict[str, Any]:
    """Return {"git", "machine", "model", "source"}: plain JSON for run.json; what cannot be found out is left out.

    git: commit and whether files differ from it, of the folder the notebook or command line runs in. model: a fingerprint
    of the folder to begin with. source: path and sha256 of the file (or the files of the folder) that `data` names.
    """
    found = {"git": git(), "machine": machine(), "model": fingerprint(model_folder), "source": source(data)}
    return {name: value for name, value in found.items() if value}


def git() -> dict[str, Any]:
    """Return {"commit", "dirty"} of the working directory's repository; {} where there is none."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": bool(changed)}


def _git(*words: str) -> str:
    try:
        # A repository's own configuration may name programs to run; none is needed for these questions.
        safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
        answer = subprocess.run(
            ["git", *safe, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def machine() -> dict[str, Any]:
    """Return {"processor", "cores", "threads"}: what decides how sums are ordered, and so the last bits of weights."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return {"processor": _processor(), "cores": cores, "threads": int(asked) if asked.isdigit() else cores}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def fingerprint(folder: str) -> str:
    """Return a digest of a model folder's configuration and weights (pieces of each file); "" when there is none."""
    path = Path(folder) if folder else None
    if path is None or not path.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()):
        if file.suffix in (".safetensors", ".json", ".bin") and file.is_file():
            digest.update(f"{file.name} {file.stat().st_size} ".encode())
            _add_pieces(digest, file)
    return digest.hexdigest()[:16]


def _add_pieces(digest: Any, path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        for place in range(PIECES):
            file.seek(place * max(0, size - PIECE) // max(1, PIECES - 1))
            digest.update(file.read(PIECE))
            if size <= PIECE:
                return


def source(data: Any) -> dict[str, str]:
    """Return {"path", "sha256"} of the file or folder that data were read from; {} for names and tables."""
    if not isinstance(data, str | os.PathLike) or not str(data).strip():
        return {}
    try:
        path = Path(data).expanduser()
        if not path.exists():
            return {}
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        return {"path": str(path.absolute()), "sha256": _digest(path, files)}
    except (OSError, ValueError, RuntimeError):
        return {}


def _digest(root: Path, files: list[Path]) -> str:
    if files == [root]:
        with root.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(f"{path.relative_to(root)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()
