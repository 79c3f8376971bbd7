"""Hands files of a stranger's folder to a process of their own to be parsed, once for each state of a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .tree import AGAIN, Fault, File

#: Address space of the child in bytes, besides what is given for a byte of the files; its libraries take 0.3 GB.
MEMORY, MEMORY_PER_BYTE = 2 << 30, 24
#: Processor seconds, besides a second for so many bytes; on the clock a busy machine takes longer.
SECONDS, BYTES_PER_SECOND, PATIENCE = 30, 20 << 20, 10
#: What the child gets of this process's environment: no token, no key.
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")


@dataclass(frozen=True)
class Job:
    """A file, how it is to be parsed ("tokenizer", "onnx"), and how many bytes that reads in all."""

    file: File
    kind: str
    size: int


def check_parsed(jobs: list[Job], folder: Path) -> None:
    """Parse files in one child process. Raises Fault for the first that is bad, or that the child died of."""
    if not jobs:
        return
    answer, died = _asked(jobs, folder)
    for job in jobs:
        reason = answer.get(job.file.name, "")
        if reason:
            raise Fault(job.file.name, reason, AGAIN)
    if died:
        if len(jobs) > 1:  # one of them: each alone then, so that the right one is named
            for job in jobs:
                check_parsed([job], folder)
        raise Fault(jobs[0].file.name, died, AGAIN)


def _asked(jobs: list[Job], folder: Path) -> tuple[dict[str, str], str]:
    """Return what the child says of each file, and what it died of ("" when it did not)."""
    size = sum(job.size for job in jobs)
    seconds = SECONDS + size // BYTES_PER_SECOND
    job = {
        "memory": MEMORY + MEMORY_PER_BYTE * size,
        "seconds": seconds,
        "files": [{"name": j.file.name, "path": str(folder / j.file.name), "kind": j.kind, "root": str(folder)} for j in jobs],
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "fmtools.kit.stranger.child"]
    try:
        done = subprocess.run(
            command, input=json.dumps(job).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(folder), cwd=os.path.dirname(os.path.abspath(sys.executable)), timeout=PATIENCE * seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {}, "takes too long to parse"
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return {}, _death(done.returncode)
    return answer if isinstance(answer, dict) else {}, ""


def _death(status: int) -> str:
    if status < 0 and -status in (signal.SIGXCPU, signal.SIGKILL):
        return "takes too long, or too much memory, to parse"
    return "cannot be parsed: the process that tried it died"


def _environment(folder: Path) -> dict[str, str]:
    """Python files of the stranger's folder are never imported: it is on no path of the child."""
    real = folder.resolve()
    paths = [path for path in sys.path if path and not Path(path).resolve().is_relative_to(real)]
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    quiet = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **quiet, "PYTHONPATH": os.pathsep.join(paths)}
