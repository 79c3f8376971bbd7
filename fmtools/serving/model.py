"""A model ready to answer: opened, warmed up, with the batches that were measured to pay."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import handed
from .artifact import ENCODER, Artifact
from .batching import Batcher, Plan
from .cores import cores
from .pieces import Piece, Whole, compute
from .problems import BadArtifact, Problem
from .session import Session
from .settings import Settings
from .tasks import handler_of
from .tasks.base import Asked, Handler, Row
from .writer import Writer, Writes

LOG = logging.getLogger("fmtools.serving")
#: Longer texts are tokenised beside the event loop (characters): shorter ones take less than the way there.
LONG = 4000
#: Lengths and sizes of the batches that are tried, seconds all of it may take, and the gain below which a batch does not pay.
LENGTHS, SIZES, PATIENCE, GAIN = (16, 64, 128), (2, 4, 8), 1.5, 0.9


class Model:
    """An opened artifact. `users` counts the requests that hold it, so that an old one is let go when the last has ended."""

    def __init__(self, artifact: Artifact, session: Session, handler: Handler, plan: Plan, settings: Settings) -> None:
        self.artifact, self.session, self.handler, self.plan = artifact, session, handler, plan
        work = partial(compute, session, pad_id=artifact.pad_id, over_tokens=handler.over_tokens)
        self.lanes = max(1, cores() // (settings.workers * settings.threads))
        self.batcher = Batcher(work, self.lanes, settings.queue, plan)
        decoder = getattr(handler, "decoder", None)
        self.writer = Writer(decoder, self.lanes, settings.queue) if decoder else None
        self.users, self.retired = 0, False

    @classmethod
    def load(cls, settings: Settings) -> Model:
        """Open the artifact, compute once, measure. Blocks. Raises BadArtifact."""
        artifact = Artifact.open(Path(settings.folder), handed.read() if settings.sealed else None)
        session = Session(artifact.model("model" if artifact.whole else ENCODER), settings.threads)
        handler = handler_of(artifact, session)
        try:
            plan = warm_up(session, handler, artifact, settings.batching == "auto")
        except BadArtifact:
            raise
        except Exception as error:  # whatever onnxruntime says of a model that does not compute
            said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            raise BadArtifact(f"The model does not compute: {said}") from error
        return cls(artifact, session, handler, plan, settings)

    async def predict(self, rows: Sequence[Row], top: int, until: float, asked: Asked | None = None) -> list[Row]:
        """Return the answer of each row, by `until` (time.monotonic). Raises Problem. asked: says how to write."""
        if self.writer is not None:
            return await self._written(self.writer, rows, top, until, asked or Asked(top=top))
        prepared = await self._prepare(rows)
        outputs = await self.batcher.submit([piece for pieces, _ in prepared for piece in pieces], until)
        answers, at = [], 0
        for row, (pieces, kept) in zip(rows, prepared, strict=True):
            answers.append(self.handler.answer(row, kept, outputs[at : at + len(pieces)], top))
            at += len(pieces)
        return answers

    async def _written(self, writer: Writer, rows: Sequence[Row], top: int, until: float, asked: Asked) -> list[Row]:
        """Write from each row, so many side by side as there are lanes: the rest of a request waits here, not in the queue."""
        handler: Any = self.handler
        turns, how = asyncio.Semaphore(self.lanes), handler.how(asked)

        async def one(row: Row) -> Row:
            async with turns:
                long = len(row["text"]) > LONG
                prompt = await asyncio.to_thread(handler.prompt, row) if long else handler.prompt(row)
                said = [new async for new in writer.tokens(prompt, how, until)]
                return self.handler.answer(row, (prompt, said), [], top)

        tasks = [asyncio.create_task(one(row)) for row in rows]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    @property
    def waiting(self) -> int:
        """How many texts wait."""
        return self.batcher.waiting + (self.writer.waiting if self.writer else 0)

    async def raw(self, arrays: dict[str, np.ndarray], until: float) -> dict[str, np.ndarray]:
        """Return all outputs for the model's own tensors. Raises Problem 422 when it does not compute with them."""
        try:
            return (await self.batcher.submit([Whole(arrays)], until))[0]
        except Problem:
            raise
        except Exception as error:  # onnxruntime has a class for each of its complaints; all are about these tensors
            LOG.info("tensors refused: %s", error)
            raise Problem(422, "inputs: the model does not compute with these tensors.", "inputs") from None

    async def _prepare(self, rows: Sequence[Row]) -> list[tuple[list[Piece], Any]]:
        size = sum(len(text) for row in rows for text in row.values() if isinstance(text, str))
        if size <= LONG:
            return [self.handler.pieces(row) for row in rows]
        return await asyncio.to_thread(lambda: [self.handler.pieces(row) for row in rows])

    def facts(self) -> dict[str, Any]:
        """Return what a card says of the model."""
        about = self.artifact.about
        return {
            "name": self.artifact.name,
            "task": self.artifact.task,
            "method": str(about.get("method") or ""),
            "run": str(about.get("run") or ""),
            "key": self.artifact.key,
            "fields": list(self.handler.fields),
            "lanes": self.lanes,
            "batches": {str(length): size for length, size in self.plan.sizes},
        }

    def close_when_idle(self) -> None:
        """Let its threads end once nobody holds it."""
        if self.retired and not self.users:
            self.batcher.close()
            if self.writer is not None:
                self.writer.close()


def warm_up(session: Session, handler: Handler, artifact: Artifact, batching: bool) -> Plan:
    """Compute once, then measure which batches are faster than their texts one by one.

    An int8 model with dynamic scales is never asked in batches: its answer to a text would depend on the others' texts.
    """
    decoder: Writes | None = getattr(handler, "decoder", None)
    if decoder is not None:
        _ = list(decoder.write([0, 1], handler.how(Asked(max_new_tokens=2))))  # type: ignore[attr-defined]
    if not handler.sample(8):
        return Plan()
    _seconds(session, handler, artifact, 8, 1)
    if not batching or str(artifact.about.get("method", "")).startswith("int8-dynamic"):
        return Plan()
    end, sizes = time.monotonic() + PATIENCE, []
    for length in LENGTHS:
        if length <= artifact.max_length and time.monotonic() < end:
            sizes.append((length, _best(session, handler, artifact, length, end)))
    return Plan(sizes)


def _best(session: Session, handler: Handler, artifact: Artifact, length: int, end: float) -> int:
    alone = _seconds(session, handler, artifact, length, 1)
    best, least = 1, alone * GAIN
    for size in SIZES:
        if time.monotonic() > end:
            break
        each = _seconds(session, handler, artifact, length, size) / size
        if each < least:
            best, least = size, each
    return best


def _seconds(session: Session, handler: Handler, artifact: Artifact, length: int, size: int) -> float:
    """Return the shortest of three times of a batch."""
    pieces = handler.sample(length) * size
    times = []
    for _ in range(3):
        began = time.perf_counter()
        outputs = compute(session, pieces, artifact.pad_id, handler.over_tokens)
        times.append(time.perf_counter() - began)
    if not all(np.isfinite(values).all() for values in outputs[0].values() if values.dtype.kind == "f"):
        raise BadArtifact("The model computes values that are not numbers.")
    return min(times)
