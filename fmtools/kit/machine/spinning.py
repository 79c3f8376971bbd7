"""How long OpenMP's threads wait awake for each other: long where the cores are free, short where others want them.

libgomp reads GOMP_SPINCOUNT once, when torch is loaded. Measured on 2 cores, MiniLM, 16 rows of `intents`, a step in seconds
(waiting 10,000 and 100,000 turns): alone 0.110 and 0.098; beside another such training 0.33 and 1.9. libgomp's own choice is
300,000: 0.095 alone, 4.5 beside another.
"""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping

#: Turns of waiting awake, by whether the machine is free.
FREE, BUSY = "100000", "10000"
#: How long the processors are watched, in seconds, and the share of them in use from which they count as busy.
WATCHED, IN_USE = 0.1, 0.75
NAME = "GOMP_SPINCOUNT"


def settle(environment: MutableMapping[str, str] = os.environ) -> None:
    """Choose for this process, before torch is imported; what the user's environment says stays."""
    if NAME not in environment:
        environment[NAME] = turns(in_use())


def turns(share: float) -> str:
    """Return how long to wait awake when others use this share of the processors (0 to 1)."""
    return BUSY if share >= IN_USE else FREE


def in_use(seconds: float = WATCHED) -> float:
    """Return the share of all processors that others use now, this process sleeping."""
    import psutil

    before = psutil.cpu_times()
    time.sleep(seconds)
    after = psutil.cpu_times()
    spent = sum(after) - sum(before)
    idle = (after.idle - before.idle) + (getattr(after, "iowait", 0.0) - getattr(before, "iowait", 0.0))
    return 0.0 if spent <= 0 else min(1.0, max(0.0, 1.0 - idle / spent))
