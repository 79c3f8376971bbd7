"""The other side of each ratio: plain scripts, without fmtools around the training, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from ..settings import ROOT

#: What the engine's workers are told, so that neither side asks the hub for anything.
QUIET = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "true"}


def run(module: str, *words: object) -> Any:
    """Run `python -m benchmarks.peers.MODULE WORDS` and return the JSON of its last line. Raises RuntimeError."""
    command = [sys.executable, "-m", f"benchmarks.peers.{module}", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **QUIET}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
