"""Which model answers, whether the server is ready, and how it takes in another model or ends without dropping anybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .meters import Meters
from .model import Model
from .problems import BadArtifact, Problem
from .reading.meaning import middle_of
from .samples import VARIABLE, Offers
from .settings import Settings
from .sights import Sights

LOG = logging.getLogger("fmtools.serving")
#: Seconds between two looks at the settings file.
LOOK = 0.5


class Keeper:
    """State of one worker; belongs to its event loop. `say` tells the supervisor."""

    def __init__(self, settings: Settings, source: Path, say: Callable[[dict[str, Any]], None]) -> None:
        self.settings, self.source, self.say = settings, source, say
        self._stamp = 0
        self.meters = Meters()
        self.sights = Sights(settings.windows, offers=Offers(os.environ.get(VARIABLE, "")))
        self.token = settings.token().encode()
        self.hosts = settings.allowed_hosts()
        self.model: Model | None = None
        self.draining = False
        self.inflight = 0
        self.began = int(time.time())
        self._stamp = self._now()

    @property
    def ready(self) -> bool:
        """Whether a model has computed something, and new requests are welcome."""
        return self.model is not None and not self.draining

    @property
    def full(self) -> bool:
        """Whether the queue takes nobody more."""
        return self.model is not None and self.model.waiting >= self.settings.queue

    def until(self, wanted: float | None = None) -> float:
        """Return when a request that comes now is given up; `wanted` in seconds counts when it is shorter."""
        return time.monotonic() + min(wanted or self.settings.deadline, self.settings.deadline)

    @contextlib.contextmanager
    def use(self) -> Iterator[Model]:
        """Give the model to one request, which keeps it to its end. Raises Problem 503 before there is one."""
        model = self.model
        if model is None:
            raise Problem(503, "The model is being loaded.", retry=1)
        model.users += 1
        try:
            yield model
        finally:
            model.users -= 1
            model.close_when_idle()

    async def start(self) -> bool:
        """Load the model; return whether that went well, and tell the supervisor."""
        try:
            await self._take(self.settings)
        except BadArtifact as error:
            self.say({"failed": str(error), "stamp": self._stamp})
            return False
        return True

    async def _take(self, settings: Settings) -> None:
        model = await asyncio.to_thread(Model.load, settings)
        model.batcher.on_group = self.meters.groups.observe
        if model.writer is not None:
            model.writer.on_tokens = self.meters.tokens.inc
        middle = middle_of(model.artifact.about.get("training"))
        self.sights.serves(model.artifact.key, settings.sealed, middle)
        old, self.model, self.settings = self.model, model, settings
        if old is not None:
            old.retired = True
            old.close_when_idle()
        self.say({"ready": True, "model": model.facts(), "stamp": self._stamp})

    async def watch(self, leave: Callable[[], None], orphaned: Callable[[], bool]) -> None:
        """Take in another model when the settings file changes; leave when nobody watches over this worker any more."""
        while not self.draining:
            await asyncio.sleep(LOOK)
            if self.model is not None:
                self.meters.waiting.set(self.model.waiting)
            self.sights.tick()
            if orphaned():
                leave()
            stamp = await asyncio.to_thread(self._now)
            if stamp != self._stamp:
                self._stamp = stamp
                await self._reload()

    async def _reload(self) -> None:
        try:
            await self._take(Settings.read(self.source))
            self.meters.reloads.labels("taken").inc()
        except Exception as error:  # the model at work goes on answering, whatever is wrong with the new one
            LOG.exception("the new model was not taken in")
            self.meters.reloads.labels("refused").inc()
            said = str(error) if isinstance(error, BadArtifact) else type(error).__name__
            self.say({"refused": said, "stamp": self._stamp})

    def _now(self) -> int:
        try:
            return self.source.stat().st_mtime_ns
        except OSError:
            return self._stamp

    async def drain(self) -> None:
        """Answer what was accepted, refuse what is new; return when nobody waits, or the time for it is over."""
        self.draining = True
        end = time.monotonic() + self.settings.drain
        await asyncio.sleep(0.1)  # what is on its way over open connections is told to go elsewhere
        while self.inflight and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self.sights.flush()
