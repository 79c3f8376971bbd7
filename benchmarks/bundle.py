"""A bundle of a classifier in an environment of its own: what it installs, when it answers, what it holds beside what its manifests ask for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import yaml

import fmtools
from fmtools.serving.load import Load

from . import tiny
from .figures import Aim, Figure
from .settings import Settings, scratch

TOKEN = "only for this measurement"
CLIENTS, MB = 8, 2**20


def run(settings: Settings) -> list[Figure]:
    """Measure MiniLM; quick: a tiny model, in the environment at hand."""
    with scratch() as place:
        data = tiny.write_csv(place / "rows.csv")
        model = str(tiny.make_model(place / "tiny")) if settings.quick else "minilm"
        trained = fmtools.train(model=model, data=str(data), max_steps=2, watch_every=0)
        folder = _exported(trained.id)
        seconds, python = (0.0, Path(sys.executable)) if settings.quick else _installed(folder, place / "clean")
        found = [_measured(python, folder, 1.0 if settings.quick else 5.0) for _ in range(settings.repeats(3, 1))]
        asked = _asked_for(folder)
        figures = [
            Figure("bundle: seconds until it has answered", [ready for ready, _ in found], "s"),
            Figure("bundle: memory under load", [held for _, held in found], "MiB", Aim("<=", asked)),
            Figure("bundle: files of model and server", [_size(folder) / 1e6], "MB"),
        ]
        if not settings.quick:
            size = _size(next((place / "clean/lib").glob("*/site-packages"))) / 1e6
            figures += [Figure("its environment: size", [size], "MB"), Figure("... until installed", [seconds], "s")]
        return figures


def _exported(run: str) -> Path:
    command = [sys.executable, "-m", "fmtools", "export", run, "--to", "bundle", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(json.loads(done.stdout.splitlines()[-1])["path"])


def _installed(folder: Path, place: Path) -> tuple[float, Path]:
    """Make an environment with the bundle's requirements; return (seconds, its Python)."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
    return time.perf_counter() - began, python


def _measured(python: Path, folder: Path, seconds: float) -> tuple[float, float]:
    """Return (seconds until the first answer, MiB of all its processes after a load)."""
    began = time.perf_counter()
    with _running(python, folder) as (url, process):
        load = Load(url, TOKEN, [{"text": text} for text, _ in tiny.rows()[:64]])
        asyncio.run(_once(load))
        ready = time.perf_counter() - began
        asyncio.run(_many(load, seconds))
        if set(load.summary()["statuses"]) != {"200"}:
            raise RuntimeError(f"the bundle's server answered {load.summary()['statuses']}")
        whole = psutil.Process(process.pid)
        held = sum(one.memory_info().rss for one in [whole, *whole.children(recursive=True)])
    return ready, held / MB


async def _once(load: Load) -> None:
    await load.once()
    await load.close()


async def _many(load: Load, seconds: float) -> None:
    await load.clients(CLIENTS, seconds)
    await load.close()


@contextlib.contextmanager
def _running(python: Path, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [str(python), str(folder / "run.py"), "--port", "0"]
    environment = {"PATH": os.defpath, "FMTOOLS_SERVE_TOKEN": TOKEN}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/"
    )
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())["url"], process
    finally:
        process.terminate()
        process.wait(40)
        process.stdout.close()


def _asked_for(folder: Path) -> float:
    """Return the MiB that the Deployment asks for."""
    manifest = yaml.safe_load((folder / "kubernetes/deployment.yaml").read_text(encoding="utf-8"))
    (copy,) = manifest["spec"]["template"]["spec"]["containers"]
    return float(copy["resources"]["requests"]["memory"].removesuffix("Mi"))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
