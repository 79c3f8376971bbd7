"""Writing with a decoder that keeps its keys and values: a token at a time, several texts side by side, a bounded queue."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from .problems import Problem
from .sampling import Chooser, Sampling
from .session import Session

PAST, PRESENT = "past_key_values.", "present."


class Decoder:
    """A language model's ONNX graph. `positions`: tokens it reads at once, None for no limit; `stops`: tokens that end a text."""

    def __init__(self, session: Session, positions: int | None, stops: frozenset[int]) -> None:
        self.session, self.positions, self.stops = session, positions, stops
        self._past = {name: (shape, kind) for name, kind, shape in session.inputs if name.startswith(PAST)}

    def write(self, prompt: list[int], how: Sampling) -> Iterator[int]:
        """Yield the new tokens after `prompt` (at least one token), without the one that ends the text.

        A model of few positions goes on from the last half of what it can read.
        """
        choose, text = Chooser(how), list(prompt)
        left = how.max_new_tokens
        while left > 0:
            seen = text
            if self.positions is not None and len(text) >= self.positions:
                seen = text[-max(1, self.positions // 2) :]
            room = left if self.positions is None else min(left, self.positions - len(seen))
            for token in self._stretch(seen, room, choose, text):
                if token in self.stops:
                    return
                text.append(token)
                left -= 1
                yield token

    def _stretch(self, seen: list[int], count: int, choose: Chooser, text: list[int]) -> Iterator[int]:
        """Yield at most `count` tokens after `seen`, with a cache of their own; `text` grows while they are taken."""
        past = {name: np.zeros([1, shape[1], 0, shape[3]], kind) for name, (shape, kind) in self._past.items()}
        new, length = seen, 0
        for _ in range(count):
            out = self.session.run({**self._inputs(new, length), **past})
            length += len(new)
            past = {PAST + name[len(PRESENT) :]: value for name, value in out.items() if name.startswith(PRESENT)}
            token = choose(out["logits"][0, -1], text)
            yield token
            new = [token] if past else [*seen, token]
            if not past:  # a graph without a cache reads everything again
                seen, length = new, 0

    def _inputs(self, new: list[int], before: int) -> dict[str, np.ndarray]:
        total = before + len(new)
        every = {
            "input_ids": np.array([new], np.int64),
            "attention_mask": np.ones((1, total), np.int64),
            "position_ids": np.arange(before, total, dtype=np.int64)[None],
        }
        return {name: value for name, value in every.items() if name in self.session.takes}


class Writes(Protocol):
    """A model that writes. `how` is of the kind that the model's task makes of a request."""

    def write(self, prompt: list[int], how: Any) -> Iterator[Any]:
        """Yield something for each new token: writing can be stopped in between."""
        ...


class Writer:
    """Lets `lanes` texts be written side by side; at most `capacity` more wait. Belongs to the event loop."""

    def __init__(self, decoder: Writes, lanes: int, capacity: int) -> None:
        self.decoder, self.lanes, self.capacity = decoder, lanes, capacity
        self.active = 0
        self.on_tokens: Callable[[int], Any] = lambda count: None
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="writing")

    @property
    def waiting(self) -> int:
        """How many texts wait."""
        return max(0, self.active - self.lanes)

    async def tokens(self, prompt: list[int], how: Any, until: float) -> AsyncGenerator[Any, None]:
        """Yield new tokens (or what else the model says after each of them) as they come, by `until` (time.monotonic). Raises Problem 429 or 504.

        Whoever stops to take them ends the writing.
        """
        if self.waiting >= self.capacity:
            raise Problem(429, "The server has more requests waiting than it takes.", retry=1)
        loop, over = asyncio.get_running_loop(), threading.Event()
        news: asyncio.Queue[Any] = asyncio.Queue()

        def tell(one: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(news.put_nowait, one)

        self.active += 1
        count = 0
        work = loop.run_in_executor(self._pool, _write, self.decoder, prompt, how, over, tell)
        work.add_done_callback(lambda _: setattr(self, "active", self.active - 1))
        try:
            while True:
                async with asyncio.timeout(until - time.monotonic()):
                    one = await news.get()
                if one is None:
                    return
                if isinstance(one, BaseException):
                    raise one
                count += 1
                yield one
        except TimeoutError:
            raise Problem(504, "The answer was not ready by the request's deadline.") from None
        finally:
            over.set()
            self.on_tokens(count)

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        self._pool.shutdown(wait=False)


def _write(
    decoder: Writes,
    prompt: list[int],
    how: Any,
    over: threading.Event,
    tell: Callable[[Any], None],
) -> None:
    try:
        if not over.is_set():
            for token in decoder.write(prompt, how):
                tell(token)
                if over.is_set():
                    return
        tell(None)
    except Exception as error:
        tell(error)
