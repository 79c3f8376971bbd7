"""Workers that cost nothing to start: this process loads the libraries once and never computes; each attempt is a fork."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

#: Seconds between two looks at a process: seldom enough to leave it the processor.
LOOK = 0.005


def load() -> None:
    """Import what every attempt needs, so that a fork has it."""
    os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1")
    import torch
    from tqdm import tqdm

    from fmtools.runtime import worker

    # The lock of progress bars is shared between processes: one that is killed while it holds it would stop all others.
    tqdm.monitor_interval = 0
    tqdm.set_lock(threading.RLock())
    torch.set_num_threads(1)
    worker._preload()


class Fork:
    """A forked process that does `work` and leaves with the status it returns; what it prints goes to `log`."""

    def __init__(self, work: Callable[[], int], log: Path) -> None:
        sys.stdout.flush()
        self.pid = os.fork()
        self.status: int | None = None
        if not self.pid:
            self._child(work, log)

    @staticmethod
    def _child(work: Callable[[], int], log: Path) -> None:
        code = 1
        try:
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, 1)
            os.dup2(file, 2)
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def over(self) -> bool:
        """Say whether the process has ended; its exit status is then in `status` (-9: killed)."""
        if self.status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, look: Callable[[], object]) -> None:
        """Return when it has ended, looking at its progress meanwhile."""
        while not self.over():
            look()
            time.sleep(LOOK)

    def kill(self) -> bool:
        """End it as the kernel's OOM killer would; say whether it was still at work."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while not self.over():
            time.sleep(0.001)
        return self.status == -signal.SIGKILL


class Moments:
    """Random moments to kill at, told by progress and not by the clock, which other work on the machine would bend."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def wait(self, process: Fork, progress: Callable[[], int], total: int, after: int) -> bool:
        """Return at a random moment of what is left of `total` marks of progress; False when the process ended before."""
        target = self.chance.randint(after, max(after, total))
        began, seen, pace = time.perf_counter(), progress(), 0.0
        while not process.over():
            now = progress()
            if now > seen:
                began, seen, pace = time.perf_counter(), now, time.perf_counter() - began
            if now >= target:
                time.sleep(self.chance.uniform(0.0, min(1.0, 2 * pace + 0.01)))
                return not process.over()
            time.sleep(LOOK)
        return False
