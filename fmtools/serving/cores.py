"""How many cores this process may use: those it may run on, and no more than its container is given."""

from __future__ import annotations

import math
import os
from pathlib import Path

#: Where a container finds its share of the processors, in its control group (version 2, and 1).
_V2 = Path("/sys/fs/cgroup/cpu.max")
_V1 = (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"))


def cores() -> int:
    """Return the cores that this process may use, at least 1. A container with 2 of a machine's 64 is given 2."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(own, math.ceil(share() or own)))


def share() -> float | None:
    """Return the processors that the control group may use at a time; None without a limit."""
    try:
        words = _V2.read_text().split() if _V2.is_file() else [path.read_text().strip() for path in _V1]
        quota, period = float(words[0]), float(words[1])
    except (OSError, ValueError, IndexError):  # "max" is no number: no limit
        return None
    return quota / period if quota > 0 and period > 0 else None
