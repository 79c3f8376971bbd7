"""Who holds a worker on a leash takes it along, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

HELD = "import time; from fmtools.runtime import leash; leash.hold(); print('held', flush=True); time.sleep(60)"


def test_a_closed_pipe_asks_the_process_to_stop() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HELD], **pipes) as held:  # type: ignore[call-overload]
        assert held.stdout.readline() == b"held\n"
        held.stdin.write(b"a word does no harm\n")
        held.stdin.flush()
        assert held.poll() is None
        held.stdin.close()
        assert held.wait(timeout=30) == -signal.SIGTERM
