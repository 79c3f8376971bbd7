"""The store: a list of 10,000 runs, the price of an event, and 20,000 events read again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fmtools.store import lease
from fmtools.store.log import LogReader, LogWriter, encode
from fmtools.store.runs import RunFolder, RunRecord, new_run_id
from fmtools.views.follow import RunView
from fmtools.views.listing import summaries

from .figures import Aim, Figure, in_turns, ratios
from .settings import Settings, scratch

STEPS = 30


def run(settings: Settings) -> list[Figure]:
    """Generate runs and events, then time the reading and writing of them."""
    with scratch() as folder:
        root = folder / "store"
        many = 200 if settings.quick else 10_000
        for number in range(many):
            _ended_run(root, number)
        listed = _listing(root, many, settings.repeats(10, 3))
        few = 2_000 if settings.quick else 20_000
        return [*listed, *_appending(folder, few, settings.repeats(7, 3)), *_replay(root, few, settings.repeats(7, 3))]


def step(number: int) -> dict[str, Any]:
    """Return an event as the worker logs one for each step."""
    facts = {"type": "step", "step": number, "epoch": number / 100, "loss": 1 / (number + 1), "learning_rate": 1e-4}
    return {"t": time.time(), "attempt": 1, **facts, "grad_norm": 1.5, "samples": 16, "tokens": 812, "seconds": 0.0621}


def _record(number: int) -> RunRecord:
    return RunRecord(
        id=new_run_id(), name=f"run-{number}", task="text-classification", model="minilm", data="intents", created=time.time(),
        options={"epochs": 3.0, "batch_size": 16, "learning_rate": 1e-4},
    )  # fmt: skip


def _ended_run(root: Path, number: int) -> None:
    """Write a run's files as the engine does, but without waiting for the disk 50,000 times."""
    record = _record(number)
    path = root / "runs" / record.id
    for part in ("events", "control", "checkpoints", "artifacts"):
        (path / part).mkdir(parents=True)
    (path / "run.json").write_text(record.model_dump_json(indent=1))
    events = [
        {"type": "status", "status": "running", "from_step": 0},
        {"type": "plan", "total_steps": STEPS, "epochs": 3.0, "batch_size": 16},
        *(step(i) for i in range(1, STEPS + 1)),
        {"type": "eval", "step": STEPS, "epoch": 3.0, "split": "validation", "metrics": {"accuracy": 0.9}},
        {"type": "status", "status": "done"},
    ]
    lines = [encode({"t": time.time(), "attempt": 1, **event, "seq": seq}) for seq, event in enumerate(events, 1)]
    (path / "events" / f"0001-{new_run_id()}.jsonl").write_bytes(b"".join(lines))
    gone = {"attempt": 1, "pid": 2**22 - 1, "started": "1", "host": lease.host_key(), "machine": "here"}
    (path / "lease-0001.json").write_text(json.dumps(gone))


def _listing(root: Path, many: int, n: int) -> list[Figure]:
    first = _timed(lambda: _listed(root, many))
    own, peer = in_turns(n, lambda: _timed(lambda: _listed(root, many)), lambda: _timed(lambda: _plain(root, many)))
    return [
        Figure(f"list {many:,} runs, the first time", [first * 1e3], "ms"),
        Figure(f"list {many:,} runs", [s * 1e3 for s in own], "ms", Aim("<=", 300)),
        Figure("  json.loads of every run.json alone", [s * 1e3 for s in peer], "ms"),
        Figure("  ours / json.loads of run.json", ratios(own, peer), ""),
    ]


def _listed(root: Path, many: int) -> None:
    rows = summaries(root)
    assert [row.head.status for row in rows] == ["done"] * many


def _plain(root: Path, many: int) -> None:
    names = [json.loads((root / "runs" / name / "run.json").read_bytes())["name"] for name in os.listdir(root / "runs")]
    assert len(names) == many


def _appending(folder: Path, few: int, n: int) -> list[Figure]:
    """Time appends, beside json.dumps and one write a line: no checksum, no order, no lock."""

    def ours() -> float:
        writer = LogWriter(_fresh(folder), 1, 1)
        taken = _timed(lambda: [writer.append(step(i)) for i in range(few)])
        writer.close()
        return taken

    def plain() -> float:
        descriptor = os.open(_fresh(folder) / "plain.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        taken = _timed(lambda: [os.write(descriptor, json.dumps(step(i)).encode() + b"\n") for i in range(few)])
        os.close(descriptor)
        return taken

    own, peer = in_turns(n, ours, plain)
    return [
        Figure("append an event", [s / few * 1e6 for s in own], "us", note=f"{few:,} at a time"),
        Figure("  json.dumps and a write", [s / few * 1e6 for s in peer], "us"),
        Figure("  ours / json.dumps and a write", ratios(own, peer), ""),
    ]


def _replay(root: Path, few: int, n: int) -> list[Figure]:
    run = RunFolder.create(_record(0), root)
    writer = LogWriter(run.events, 1, 1)
    for i in range(few):
        writer.append(step(i + 1))
    writer.close()
    own, peer = in_turns(n, lambda: _timed(lambda: _read(run, few)), lambda: _timed(lambda: _loads(writer.path, few)))
    views = [_timed(RunView(run).update) for _ in range(n)]
    return [
        Figure(f"read {few:,} events, checksums verified", [s * 1e3 for s in own], "ms"),
        Figure("  json.loads of the same lines", [s * 1e3 for s in peer], "ms"),
        Figure("  ours / json.loads", ratios(own, peer), ""),
        Figure(f"{few:,} events to a run's curves", [s * 1e3 for s in views], "ms", note="reading included"),
    ]


def _read(run: RunFolder, few: int) -> None:
    assert len(LogReader(run.events).read()) == few


def _loads(path: Path, few: int) -> None:
    assert len([json.loads(line) for line in path.read_bytes().splitlines()]) == few


def _fresh(folder: Path) -> Path:
    path = folder / new_run_id()
    path.mkdir()
    return path


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
