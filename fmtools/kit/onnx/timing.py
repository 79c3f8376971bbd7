"""How long models take side by side: processor time of one thread, in turns, medians; a busy machine changes little of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

#: Seconds for each batch size, and turns within them.
SECONDS, FEWEST, MOST = 3.0, 2, 60
THREADS = 1

Ask = Callable[[Mapping[str, "np.ndarray"]], Any]


def in_turns(models: Mapping[str, Ask], feed: Mapping[str, np.ndarray], seconds: float = SECONDS) -> dict[str, float]:
    """Return the median seconds that each model takes for one batch, asked in turns after a warm-up."""
    import statistics

    for ask in models.values():
        ask(feed)
    taken: dict[str, list[float]] = {name: [] for name in models}
    began = time.perf_counter()
    while len(next(iter(taken.values()))) < MOST:
        for name, ask in models.items():
            start = time.thread_time()
            ask(feed)
            taken[name].append(time.thread_time() - start)
        if time.perf_counter() - began > seconds and len(next(iter(taken.values()))) >= FEWEST:
            break
    return {name: statistics.median(values) for name, values in taken.items()}


def onnx(path: Path, threads: int = THREADS) -> Ask:
    """Return an ONNX file as a function, in this process on `threads` threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return lambda feed: session.run(None, {name: feed[name] for name in names})


@contextmanager
def threads(count: int = THREADS) -> Iterator[None]:
    """Let torch use so many threads for a while."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
