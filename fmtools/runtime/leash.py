"""A worker that must not outlive whoever started it: it stops and saves when the other end of its standard input is gone."""

from __future__ import annotations

import os
import signal
import threading


def hold(descriptor: int = 0) -> threading.Thread:
    """Watch a pipe from now on; when it is closed, this process gets SIGTERM, which a training takes as a wish to stop.

    The pipe is closed however its holder ends, by kill -9 too. Nothing else may read it any more.
    """

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch, name="leash", daemon=True)
    thread.start()
    return thread
