"""A sample of texts, where `--keep-sample` asks for one: handed to a process beside the server, which takes personal data out.

From here a text goes through a socket and never onto a disk. What does not fit is dropped: a sample may lack a text, an answer
must not wait for it. A server that runs without fmtools, out of a bundle, keeps none.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .reading.tally import labels, top_score

#: Names the socket's descriptor for workers.
VARIABLE = "FMTOOLS_SERVE_SAMPLE"
#: Longer texts (characters) are not kept: one that was cut could end amid a name, which no finder sees then.
LONGEST = 10_000
#: The process that takes personal data out; what it imports is none of a server's business.
HELPER = "fmtools.runtime.sample_keeper"
#: Seconds before one that died is started again, and that it has to finish what it was given.
PAUSE, ENDING = 10.0, 8.0


class Offers:
    """A worker's side: every text is offered, the other side chooses."""

    def __init__(self, number: str) -> None:
        self._socket = socket.socket(fileno=int(number)) if number.isdigit() else None
        if self._socket is not None:
            self._socket.setblocking(False)

    def offer(self, rows: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]] | None) -> None:
        """Hand texts on, each with its predicted labels: an answer's own words may be somebody's name, its labels are not."""
        if self._socket is None:
            return
        for place, row in enumerate(rows):
            texts = {name: value for name, value in row.items() if isinstance(value, str)}
            if texts and sum(map(len, texts.values())) <= LONGEST:
                answer = answers[place] if answers else {}
                said = {"texts": texts, "labels": labels(answer), "score": top_score(answer)}
                with contextlib.suppress(OSError):
                    self._socket.send(json.dumps(said).encode())


class Keeping:
    """The supervisor's side: the process that keeps the sample, started again when it dies. Without `wanted` nothing is."""

    def __init__(self, source: Path, wanted: bool) -> None:
        self._source, self._process, self._not_before = source, None, 0.0
        self._pair: tuple[socket.socket, socket.socket] | None = None
        if wanted and (__package__ or "").startswith("fmtools."):
            kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
            self._pair = socket.socketpair(socket.AF_UNIX, kind)

    _process: subprocess.Popen[bytes] | None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a worker inherits."""
        return (self._pair[0].fileno(),) if self._pair else ()

    @property
    def environment(self) -> dict[str, str]:
        """What a worker is told."""
        return {VARIABLE: str(self.descriptors[0]) if self._pair else ""}

    def look(self) -> None:
        """Start the process where there is none."""
        if self._pair is None or (self._process is not None and self._process.poll() is None):
            return
        if time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + PAUSE
        other = self._pair[1].fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", HELPER, str(other), str(self._source)],
            stdin=subprocess.DEVNULL,
            pass_fds=(other,),
            env={name: value for name, value in os.environ.items() if name != VARIABLE},
        )

    def end(self) -> None:
        """Let it keep what it was given, and end."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
