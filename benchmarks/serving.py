"""Requests a second of one classifier at equal concurrency, in turns: %fm_serve, FastAPI + pipeline, LitServe; answers compared first."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import fmtools
from fmtools.kit.fetching.assets import cache_root
from fmtools.runtime import launch
from fmtools.serving.load import Load

from . import tiny
from .figures import Aim, Figure
from .peers import QUIET, versus_env
from .settings import Settings, scratch

HERE = Path(__file__).parent / "peers"
#: Clients that ask one request after another; texts that are asked in turn; and seconds until a server must answer.
CLIENTS, TEXTS, STARTING = 8, 64, 180.0
OURS, PIPELINE, LITSERVE, INT8 = "fm_serve", "FastAPI + pipeline", "LitServe", "fm_serve, int8"


@dataclass
class Side:
    """A server to measure: the command that starts it, where it then answers, and what it did."""

    name: str
    command: list[str]
    url: str = ""
    token: str = ""
    speeds: list[float] = field(default_factory=list)
    middles: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)


def run(settings: Settings) -> list[Figure]:
    """Measure every server by itself, in turns; quick: a tiny model, a second each, nothing is installed."""
    cache = cache_root()
    with scratch() as folder:
        run, texts = _trained(folder, settings.quick)
        exported = run.path / "artifacts" / "onnx"
        fmtools.export(run.id)
        sides = [Side(OURS, _ours(exported)), *_int8(run), *_peers(run.path / "artifacts" / "model", settings, cache)]
        agreement = _compare(sides, texts, folder)
        for number in range(settings.repeats(3, 1)):
            for side in sides[:: 1 if number % 2 == 0 else -1]:
                _measure(side, texts, folder, 1.0 if settings.quick else 10.0)
    return _figures(sides, agreement)


def _trained(folder: Path, quick: bool) -> tuple[Any, list[str]]:
    if quick:
        data, model = tiny.write_csv(folder / "rows.csv"), tiny.make_model(folder / "tiny")
        run = fmtools.train(model=str(model), data=str(data), epochs=1, watch_every=0)
        return run, [text for text, _ in tiny.rows()[:TEXTS]]
    run = fmtools.train(model="minilm", data="intents", epochs=1, watch_every=0)
    table = launch.load("intents").splits["test"]
    return run, table["text"].to_pylist()[:TEXTS]


def _ours(folder: Path) -> list[str]:
    return [sys.executable, "-m", "fmtools.serving", str(folder), "--queue", "1000"]


def _int8(run: Any) -> list[Side]:
    """Return our server with an int8 model, where there is a verb that makes one."""
    quantize = getattr(fmtools, "quantize", None)
    return [Side(INT8, _ours(Path(quantize(run.id, method="int8-dynamic").path)))] if quantize else []


def _peers(model: Path, settings: Settings, cache: Path) -> list[Side]:
    """Return the peers that can run here. The quick form installs nothing."""
    found = [Side(PIPELINE, [sys.executable, str(HERE / "serve_pipeline.py"), str(model)])]
    if not settings.quick:
        try:
            python = versus_env.python("litserve", cache)
            found.append(Side(LITSERVE, [str(python), str(HERE / "serve_litserve.py"), str(model)]))
        except versus_env.NoEnvironment as error:
            print(f"left out: {LITSERVE}: {error}", flush=True)
    return found


@contextlib.contextmanager
def _running(side: Side, folder: Path) -> Iterator[Side]:
    """Start a server and give it when it answers."""
    ours = "fmtools.serving" in side.command
    out = folder / "served.txt"
    port = 0 if ours else _free_port()
    command = side.command if ours else [*side.command, str(port)]
    with out.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **QUIET}, start_new_session=True
        )
    try:
        end = time.monotonic() + STARTING
        while not _answers(side, out, port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{side.name} does not start: {out.read_text(errors='replace')[-1000:]}")
            time.sleep(0.1)
        yield side
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


def _answers(side: Side, out: Path, port: int) -> bool:
    if port:
        side.url = f"http://127.0.0.1:{port}"
    else:
        line = next((line for line in out.read_text(errors="replace").splitlines() if line.startswith('{"url"')), "")
        if not line:
            return False
        said = json.loads(line)
        side.url, side.token = said["url"], said["token"]
    try:
        return bool(_ask(side, "a first text"))
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _ask(side: Side, text: str) -> dict[str, Any]:
    heads = {"Authorization": f"Bearer {side.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{side.url}/predict", json.dumps({"text": text}).encode(), heads)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())["predictions"][0]
        return found


def _compare(sides: list[Side], texts: list[str], folder: Path) -> dict[str, float]:
    """Return for each server the share of texts with the label that FastAPI + pipeline gives. Raises RuntimeError when fp32
    answers differ: servers that say different things are not compared."""
    answers: dict[str, list[dict[str, Any]]] = {}
    for side in sides:
        with _running(side, folder):
            answers[side.name] = [_ask(side, text) for text in texts]
    truth = answers[PIPELINE]
    for side in sides:
        apart = max(abs(a["score"] - b["score"]) for a, b in zip(answers[side.name], truth, strict=True))
        if side.name != INT8 and apart > 1e-3:
            raise RuntimeError(f"{side.name} answers differently: a score is {apart:.4f} apart.")
    return {
        name: sum(a["label"] == b["label"] for a, b in zip(found, truth, strict=True)) / len(texts)
        for name, found in answers.items()
    }


def _measure(side: Side, texts: list[str], folder: Path, seconds: float) -> None:
    with _running(side, folder):
        bodies = [{"text": text} for text in texts]
        for warm, length in ((True, seconds / 5), (False, seconds)):
            load = Load(side.url, side.token, bodies)
            asyncio.run(_asked(load, length))
            found = load.summary()
            if set(found["statuses"]) != {"200"}:
                raise RuntimeError(f"{side.name} answered {found['statuses']}")
            if not warm:
                side.speeds.append(found["per_second"])
                side.middles.append(found["ms"]["200"]["p50"])
                side.tails.append(found["ms"]["200"]["p99"])


async def _asked(load: Load, seconds: float) -> None:
    await load.clients(CLIENTS, seconds)
    await load.close()


def _figures(sides: list[Side], agreement: dict[str, float]) -> list[Figure]:
    by_name = {side.name: side for side in sides}
    best = max((by_name[name] for name in (OURS, INT8) if name in by_name), key=lambda side: median(side.speeds))
    found = []
    for side in sides:
        found += [
            Figure(f"{side.name}: requests/s, {CLIENTS} clients", side.speeds, "1/s"),
            Figure(f"{side.name}: latency p50", side.middles, "ms"),
            Figure(f"{side.name}: latency p99", side.tails, "ms"),
        ]
    for name, bound in ((PIPELINE, 4.0), (LITSERVE, 1.0)):
        if name in by_name:
            ratios = [a / b for a, b in zip(best.speeds, by_name[name].speeds, strict=True)]
            found.append(Figure(f"{best.name} / {name}", ratios, "×", Aim(">=", bound)))
    if INT8 in by_name:
        found.append(Figure("int8: labels as fp32's", [agreement[INT8]], "", Aim(">=", 0.985)))
    return found
