"""A real IPython kernel, driven as a front end does: cells in, outputs out."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from jupyter_client.manager import KernelManager

TIMEOUT = 3600.0


class CellError(Exception):
    """A cell raised; the message is the kernel's traceback."""


class Kernel:
    """Use as `with Kernel() as kernel`: started with this interpreter, shut down at the end."""

    def __init__(self) -> None:
        self._manager = KernelManager(kernel_name="python3", transport="ipc")
        self.client: Any = None
        self.messages = 0

    def __enter__(self) -> Kernel:
        self._manager.start_kernel()
        self.client = self._manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=False)

    def run(self, code: str, timeout: float = TIMEOUT) -> str:
        """Run a cell and return what it printed. Raises CellError."""
        return self.finish(self.send(code), timeout)

    def send(self, code: str) -> str:
        """Send a cell and return its message id at once."""
        sent: str = self.client.execute(code)
        return sent

    def finish(self, sent: str, timeout: float = TIMEOUT) -> str:
        """Read a cell's outputs until it is idle; return what it printed. Raises CellError, TimeoutError."""
        return finish(self.client, sent, timeout, self._count)

    def _count(self) -> None:
        self.messages += 1


def finish(client: Any, sent: str, timeout: float = TIMEOUT, count: Callable[[], None] = lambda: None) -> str:
    """Read the outputs of the cell `sent` from a client until it is idle; return what it printed."""
    printed, errors, until = [], [], time.monotonic() + timeout
    while True:
        message = client.get_iopub_msg(timeout=max(0.0, until - time.monotonic()))
        if message["parent_header"].get("msg_id") != sent:
            continue
        count()
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            printed.append(content["text"])
        elif kind == "error":
            errors.append("\n".join(content["traceback"]))
        elif kind == "status" and content["execution_state"] == "idle":
            break
    if errors:
        raise CellError(errors[0])
    return "".join(printed)
