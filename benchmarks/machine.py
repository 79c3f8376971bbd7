"""Where a figure was measured: processor, memory, load, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .settings import ROOT

LIBRARIES = ("fmtools", "torch", "transformers", "jupyterlab", "ipykernel", "pydantic")


def facts() -> dict[str, Any]:
    """Return what a reader needs to judge a figure. `load`: the last minute's load average, near 0 on a quiet machine."""
    import psutil

    return {
        "date": time.strftime("%Y-%m-%d %H:%M %z"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load": round(os.getloadavg()[0], 2),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip()
