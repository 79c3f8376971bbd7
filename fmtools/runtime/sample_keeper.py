"""`python -m fmtools.runtime.sample_keeper SOCKET SETTINGS`: keeps a sample of what a model server is asked, de-identified.

Started by the server's supervisor. Texts come through the socket and lie in memory until the finders of %fm_protect have been
over them; what cannot be looked at is not kept. Of a day each text is kept with the same chance.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FmError
from ..kit.privacy import english
from ..kit.recipes.reservoir import Reservoir
from ..store import samples

#: Seconds between two looks at the socket, and between two writings; bytes of a message; seconds for the rest at the end.
LOOK, EVERY, MESSAGE, REST = 0.5, 2.0, 1 << 18, 6.0


def check() -> None:
    """Raise FmError when personal data cannot be taken out here."""
    if lacking := english.missing():
        raise FmError(
            f"Texts are kept without the personal data in them only, and finding it needs {lacking}.",
            f"{english.INSTALL}; or serve without --keep-sample.",
        )


@dataclass(frozen=True)
class _Raw:
    """A text as it was asked: in memory only."""

    texts: dict[str, str]
    labels: list[str]
    score: float | None


#: A place holds what was asked, what is kept of it, or nothing where it could not be looked at.
_Rows = list[_Raw | dict[str, Any] | None]


class SampleKeeper:
    """Chooses, de-identifies and keeps. `take` and `work` are called by two threads: finders are slow, the socket must not
    run full meanwhile."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        #: When to let go of what is not de-identified (s).
        self.until = float("inf")
        self._lock, self._working = threading.Lock(), threading.Lock()
        self._changed = False
        self._begin(samples.today(time.time()))

    def _begin(self, day: str) -> None:
        before = samples.read(self.folder, day)
        self._day = day
        self._rows: _Rows = list(before.rows[: self.size])
        self._reservoir = Reservoir(self.size, before.seen)

    def take(self, message: bytes, now: float) -> None:
        """Count a text; keep it in memory when the day's sample takes it."""
        try:
            said = json.loads(message)
            raw = _Raw(dict(said["texts"]), list(said["labels"]), said["score"])
        except (ValueError, LookupError, TypeError):
            return
        if samples.today(now) != self._day:
            self.work()
            with self._lock:
                self._begin(samples.today(now))
        with self._lock:
            place = self._reservoir.place()
            if place is not None:
                self._rows += [None] * (place + 1 - len(self._rows))
                self._rows[place] = raw
            self._changed = True

    def work(self) -> None:
        """De-identify what was taken, then write; what is not done by `until` is let go."""
        with self._working:
            while time.time() < self.until and (found := self._next()) is not None:
                rows, place, raw = found
                clean = _clean(raw)
                with self._lock:
                    if rows[place] is raw:  # else another text has come in its place meanwhile
                        rows[place] = clean
            self._write()

    def _next(self) -> tuple[_Rows, int, _Raw] | None:
        with self._lock:
            return next(((self._rows, at, row) for at, row in enumerate(self._rows) if isinstance(row, _Raw)), None)

    def _write(self) -> None:
        with self._lock:
            if not self._changed:
                return
            self._changed = False
            rows = [row for row in self._rows if isinstance(row, dict)]
            day, seen = self._day, self._reservoir.seen
        samples.write(self.folder, day, rows, seen)


def _clean(raw: _Raw) -> dict[str, Any] | None:
    """Return a row without personal data; None when it could not be looked at. An error is told by its kind alone: texts
    have no place in a log."""
    from ..kit.privacy.masked import masked

    try:
        texts = masked(list(raw.texts.values()))
    except Exception as error:
        print(f"a text was not kept: {type(error).__name__}", file=sys.stderr, flush=True)
        return None
    score = {} if raw.score is None else {"score": round(raw.score, 4)}
    said = {"prediction": ", ".join(dict.fromkeys(raw.labels))} if raw.labels else {}
    return {**dict(zip(raw.texts, texts, strict=True)), **said, **score}


def main() -> int:
    """Keep until told to end, or nobody is there any more who could."""
    ended, parent = threading.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    source, other = Path(sys.argv[2]), socket.socket(fileno=int(sys.argv[1]))
    keeper = SampleKeeper(source.parent / samples.SAMPLE, int(json.loads(source.read_text("utf-8"))["keep_sample"]))
    other.settimeout(LOOK)
    threading.Thread(target=_write_now_and_then, args=(keeper, ended), daemon=True).start()
    while not ended.is_set() and os.getppid() == parent:
        with contextlib.suppress(OSError):  # nothing came
            keeper.take(other.recv(MESSAGE), time.time())
    ended.set()
    other.setblocking(False)
    with contextlib.suppress(OSError):
        while message := other.recv(MESSAGE):
            keeper.take(message, time.time())
    keeper.until = time.time() + REST
    keeper.work()
    return 0


def _write_now_and_then(keeper: SampleKeeper, ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        try:
            keeper.work()
        except (OSError, FmError) as error:
            print(f"the sample was not written: {type(error).__name__}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
