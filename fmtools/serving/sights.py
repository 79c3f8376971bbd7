"""What a worker saw, minute by minute: an append-only record of counts, for `%fm_monitor`. It holds no text; where a sample of
texts is asked for, they are offered to the process that keeps it (see samples).

A line is {"v", "t" (s, its beginning), "s" (its length in s), "model", "requests" {status: n}, "seconds" {upper bound: n}, "tally"}.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .meters import SECONDS
from .reading.tally import Tally, top_score
from .samples import Offers

LOG = logging.getLogger("fmtools.serving")
#: Seconds of a window; days that a record is kept.
WINDOW, KEPT = 60, 60
#: A reader who wants the present touches this file: what was counted is then written at once.
LOOK = "look"
DAY = 86_400
_BOUNDS = (*SECONDS, float("inf"))


class Sights:
    """Counts of one worker; belongs to its event loop. `folder` "" = nothing is kept. offers: takes texts for a sample."""

    def __init__(self, folder: str, now: Callable[[], float] = time.time, offers: Offers | None = None) -> None:
        self.folder, self._offers = Path(folder) if folder else None, offers
        self._now = now
        self.model, self._secret = "", False
        self._middle: tuple[float, ...] = ()
        self._began = now()
        self._looked = self._look()
        self._failed = False
        self._forget()

    def _forget(self) -> None:
        self._start, self._requests, self._seconds = self._now(), Counter[str](), Counter[str]()
        self._tally = Tally(self._middle)

    def request(self, status: int, seconds: float) -> None:
        """Count a request to the model, answered after `seconds`."""
        self._requests[str(status)] += 1
        if status == 200:
            self._seconds[str(_BOUNDS[bisect_left(SECONDS, seconds)])] += 1

    def serves(self, model: str, secret: bool = False, middle: tuple[float, ...] = ()) -> None:
        """Begin a window for another model: a window is of one. secret: its labels are not written, nor where its vectors
        lie. middle: the middle of its reference's vectors (reading.meaning)."""
        self.flush()
        self.model, self._secret, self._middle = model, secret, () if secret else middle
        if not self._tally.rows:
            self._tally = Tally(self._middle)

    def rows(self, rows: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Count texts that were computed, with the answers where they can be counted."""
        if self._offers is not None and not self._secret:
            self._offers.offer(rows, answers)
        if self.folder is None:
            return
        for place, row in enumerate(rows):
            answer = answers[place] if answers else None
            self._tally.add(row, {"score": top_score(answer)} if self._secret and answer else answer)

    def tick(self) -> None:
        """Write the window when its minute is over, or somebody looks."""
        looked = self._look()
        if looked != self._looked or self._now() // WINDOW != self._start // WINDOW:
            self._looked = looked
            self.flush()

    def flush(self) -> None:
        """Append the window, and begin another one. A window that cannot be written goes on being counted."""
        if self.folder is None:
            return
        if not (self._requests or self._tally.rows):
            self._start = self._now()
            return
        try:
            self._append(self._line())
        except OSError as error:
            if not self._failed:
                LOG.warning("the record of requests cannot be written: %s", error.strerror)
            self._failed = True
            return
        self._failed = False
        self._forget()

    def _line(self) -> dict[str, Any]:
        return {
            "v": 1,
            "t": round(self._start, 1),
            "s": round(self._now() - self._start, 1),
            "model": self.model,
            "requests": dict(self._requests),
            "seconds": dict(self._seconds),
            "tally": self._tally.to_json(),
        }

    def _append(self, line: dict[str, Any]) -> None:
        assert self.folder is not None
        self.folder.mkdir(mode=0o700, exist_ok=True)
        day = time.strftime("%Y%m%d", time.gmtime(self._start))
        path = self.folder / f"{day}-{int(self._began)}-{os.getpid()}.jsonl"
        if not path.exists():
            self._drop_old()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            # A line feed in front too: a line that was torn by a full disk or a kill spoils itself alone.
            file.write(b"\n" + json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _drop_old(self) -> None:
        assert self.folder is not None
        oldest = self._now() - KEPT * DAY
        for path in self.folder.glob("*.jsonl"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _look(self) -> int:
        if self.folder is None:
            return 0
        try:
            return (self.folder / LOOK).stat().st_mtime_ns
        except OSError:
            return 0
