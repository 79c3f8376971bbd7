"""Larger than memory: 1 GB of JSON Lines, CSV and text load into a mapped table in bounded memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .figures import Aim, Figure
from .settings import Settings, scratch

#: Bytes of a file.
FULL, QUICK = 1_000_000_000, 100_000_000
#: What the process may hold, whatever the file's size.
LIMIT_MB = 600.0
FORMS = ("jsonl", "csv", "txt")

#: Runs in a fresh process: load a file, go over all of it once, and say what that took.
CHILD = """
import json, sys, time
from fmtools.stages.data import load

def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(name + ":"))

class Watch:
    # The highest anonymous part of the resident size: pages of the mapped file come and go as the system likes.
    def __enter__(self):
        import threading
        self.peak, self.over = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self
    def look(self):
        while not self.over.wait(0.02):
            self.peak = max(self.peak, memory("RssAnon"))
    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

began = memory("VmHWM")
with Watch() as watch:
    start = time.perf_counter()
    data = load(sys.argv[1])
    seconds = time.perf_counter() - start
peak = memory("VmHWM")
start = time.perf_counter()
again = load(sys.argv[1])
warm = time.perf_counter() - start
rows = sum(data.rows.values())
assert rows == data.read - sum(data.dropped.values()) == sum(again.rows.values())
print(json.dumps({"seconds": seconds, "warm": warm, "peak": peak, "anon": watch.peak, "began": began, "rows": rows}))
"""


def run(settings: Settings) -> list[Figure]:
    """Write a file of each form, and load it in a process of its own. `-n`: megabytes instead of the usual size."""
    size = settings.n * 1_000_000 if settings.n else QUICK if settings.quick else FULL
    figures = []
    for form in FORMS[:1] if settings.quick else FORMS:
        with scratch() as folder:
            path = folder / f"rows.{form}"
            rows = write(path, form, size)
            told = _load(path)
        assert told["rows"] == rows, f"{told['rows']} of {rows} rows"
        figures += _figures(form, size, told)
    return figures


def write(path: Path, form: str, size: int) -> int:
    """Write rows of sentences until the file has `size` bytes; return how many. No two are alike."""
    draw, count, written = random.Random(0), 0, 0
    with path.open("w", encoding="utf-8") as file:
        if form == "csv":
            file.write("text,label\n")
        for block in _blocks(draw, form):
            file.writelines(block)
            count, written = count + len(block), written + sum(len(line.encode()) for line in block)
            if written >= size:
                return count
    raise AssertionError("unreachable")


def _blocks(draw: random.Random, form: str) -> Iterator[list[str]]:
    words = (
        "the a lamp 灯 kitchen turn on off please 打开 客厅 what is temperature outside now très bien Straße".split()
    )
    number = 0
    while True:
        block = []
        for _ in range(1000):
            text, label = f"{number} {' '.join(draw.choices(words, k=draw.randint(5, 60)))}", f"label {number % 7}"
            number += 1
            block.append(_line(form, text, label))
        yield block


def _line(form: str, text: str, label: str) -> str:
    if form == "jsonl":
        return json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"
    return f'"{text}",{label}\n' if form == "csv" else text + "\n"


def _load(path: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def _figures(form: str, size: int, told: dict[str, float]) -> list[Figure]:
    what = f"{size / 1e9:.2g} GB of {form.upper()}, {told['rows']:,} rows"
    began = f"{told['began']:.0f} MB before loading"
    return [
        Figure(f"{what}: peak resident size (VmHWM)", [told["peak"]], "MB", Aim("<=", LIMIT_MB), note=began),
        Figure(f"{what}: of it anonymous", [told["anon"]], "MB"),
        Figure(f"{what}: first load", [told["seconds"]], "s"),
        Figure(f"{what}: loaded again", [told["warm"]], "s"),
    ]
