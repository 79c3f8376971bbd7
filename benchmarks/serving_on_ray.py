"""Requests a second of a plain server with two workers and of two replicas on Ray Serve, in turns; answers compared first."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

import fmtools
from fmtools.serving.load import Load

from . import tiny
from .figures import Figure
from .settings import Settings, scratch

CLIENTS, MB = 8, 2**20
API: Any = fmtools
SIDES = {"plain, 2 workers": "", "Ray Serve, 2 replicas": "ray"}


def run(settings: Settings) -> list[Figure]:
    """Measure MiniLM, both servers up all the time, one asked at a time; quick: a tiny model, a second each."""
    with scratch() as place:
        model = _exported(place, settings.quick)
        texts = [text for text, _ in tiny.rows()[:64]]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in SIDES}
        with contextlib.ExitStack() as stack:
            sides = {name: stack.enter_context(_running(model, on)) for name, on in SIDES.items()}
            _compare([server for server, _ in sides.values()], texts)
            for number in range(settings.repeats(3, 1)):
                for name in list(SIDES)[:: 1 if number % 2 == 0 else -1]:
                    found[name].append(_asked(sides[name][0], texts, 1.0 if settings.quick else 10.0))
            return _figures(found, sides)


def _exported(place: Path, quick: bool) -> str:
    model = str(tiny.make_model(place / "tiny")) if quick else "minilm"
    trained = fmtools.train(model=model, data=str(tiny.write_csv(place / "rows.csv")), max_steps=2, watch_every=0)
    return str(API.export(trained.id).path)


@contextlib.contextmanager
def _running(model: str, on: str) -> Iterator[tuple[Any, float]]:
    """Give a server and the seconds that it took to start."""
    began = time.perf_counter()
    served: Any = API.serve(model, on=on, workers=2, queue=1000)
    try:
        yield served, time.perf_counter() - began
    finally:
        served.stop()


def _compare(servers: list[Any], texts: list[str]) -> None:
    """Raise RuntimeError when the servers say different things."""
    first, second = ([one.predict(text)[0] for text in texts] for one in servers)
    if any(a["label"] != b["label"] or abs(a["score"] - b["score"]) > 1e-5 for a, b in zip(first, second, strict=True)):
        raise RuntimeError("The servers answer differently.")


def _asked(served: Any, texts: list[str], seconds: float) -> dict[str, Any]:
    for length in (seconds / 5, seconds):
        load = Load(served.url, served.token, [{"text": text} for text in texts])
        asyncio.run(_many(load, length))
    found = load.summary()
    if set(found["statuses"]) != {"200"}:
        raise RuntimeError(f"a server answered {found['statuses']}")
    return found


async def _many(load: Load, seconds: float) -> None:
    await load.clients(CLIENTS, seconds)
    await load.close()


def _held(served: Any) -> float:
    """Return the MiB of a server with all its processes, what they share counted once."""
    whole = psutil.Process(served.pid)
    return sum(one.memory_full_info().pss for one in [whole, *whole.children(recursive=True)]) / MB


def _figures(found: dict[str, list[dict[str, Any]]], sides: dict[str, tuple[Any, float]]) -> list[Figure]:
    figures = []
    for name, rounds in found.items():
        served, ready = sides[name]
        figures += [
            Figure(f"{name}: requests/s, {CLIENTS} clients", [one["per_second"] for one in rounds], "1/s"),
            Figure(f"{name}: latency p50", [one["ms"]["200"]["p50"] for one in rounds], "ms"),
            Figure(f"{name}: latency p99", [one["ms"]["200"]["p99"] for one in rounds], "ms"),
            Figure(f"{name}: memory (PSS)", [_held(served)], "MiB"),
            Figure(f"{name}: seconds until ready", [ready], "s"),
        ]
    plain, ray = ([one["per_second"] for one in rounds] for rounds in found.values())
    return [*figures, Figure("Ray Serve / plain", [b / a for a, b in zip(plain, ray, strict=True)], "×")]
