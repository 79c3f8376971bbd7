"""One training of one side, seen from outside: its steps, its memory, its answers on the test rows."""

from __future__ import annotations

import ast
import contextlib
import csv
import io
import json
import os
import subprocess
import threading
import time
import tokenize
from dataclasses import dataclass
from pathlib import Path

import psutil

from . import QUIET

HERE = Path(__file__).parent
LOOK, BATCH = 0.5, 16
MEANINGLESS = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Job:
    """What all sides are asked: `data` holds train.csv, validation.csv and test.csv with the columns text and label.

    `rows`: of train.csv; `warm`: steps at the beginning of an epoch that are not timed.
    """

    data: Path
    model: Path
    epochs: int
    rows: int
    seed: int = 42
    warm: int = 10


@dataclass(frozen=True)
class Outcome:
    """`steady`: rows a second from step to step within epochs; `whole`: rows times epochs over all seconds, from the
    command to the end of its work; `first_loss` in s, `peak` in MB (PSS of the process and its children)."""

    steady: float
    whole: float
    first_loss: float
    peak: float
    accuracy: float
    f1_macro: float


def steady(times: list[float], epochs: int, rows: int, warm: int) -> float:
    """Return rows a second over the steps of `epochs` equal epochs of `rows` rows; what lies between epochs is not counted.

    `times` are the ends of all steps. Raises ValueError when an epoch has no more than `warm` + 1 steps.
    """
    each = len(times) // epochs
    if each <= warm + 1:
        raise ValueError(f"{len(times)} steps in {epochs} epochs are too few to time.")
    parts = [times[i * each + warm : (i + 1) * each] for i in range(epochs)]
    seconds = sum(part[-1] - part[0] for part in parts)
    return sum(len(part) - 1 for part in parts) * (rows / each) / seconds


def typed_lines(script: str) -> int:
    """Count the lines that a user types: no blank ones, no comments, no docstrings."""
    lines = {
        row
        for token in tokenize.generate_tokens(io.StringIO(script).readline)
        if token.type not in MEANINGLESS
        for row in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def scores(predicted: list[str], data: Path) -> tuple[float, float]:
    """Return (accuracy, macro F1) of labels for the rows of test.csv."""
    from sklearn.metrics import accuracy_score, f1_score

    with (data / "test.csv").open(newline="", encoding="utf-8") as file:
        truth = [row["label"] for row in csv.DictReader(file)]
    return float(accuracy_score(truth, predicted)), float(f1_score(truth, predicted, average="macro"))


def script(name: str, python: Path | str, job: Job, folder: Path, pairs: bool = False) -> Outcome:
    """Run `versus_NAME.py` in a fresh process, in an empty folder. `pairs`: its steps are one epoch of BATCH pairs each, and
    `steady` counts their texts. Raises RuntimeError with its last words."""
    place = folder / f"{name}-{time.time_ns()}"
    place.mkdir()
    out, path = place / "out.json", HERE / f"versus_{name}.py"
    words = [job.data, job.model, job.epochs, job.seed]
    command = [str(python), "-P", str(HERE / "versus_clock.py"), str(out), str(path), *map(str, words)]
    began = time.time()
    with (place / "said.txt").open("wb") as said:
        # In a session of its own, as our workers are: the kernel's scheduler then gives both sides the same share.
        process = subprocess.Popen(
            command, cwd=place, env={**os.environ, **QUIET}, stdout=said, stderr=said, start_new_session=True
        )
        try:
            with Peak(process.pid) as peak:
                code = process.wait()
        finally:
            process.kill()  # an interrupt of the benchmark does not reach another session
    ended = time.time()
    if code:
        raise RuntimeError(f"{name} ended with {code}: {(place / 'said.txt').read_text(errors='replace')[-2000:]}")
    noted = json.loads(out.read_text())
    times = noted["steps"]
    made = (1, len(times) * BATCH * 2) if pairs else (job.epochs, job.rows)
    return Outcome(
        steady(times, *made, job.warm),
        job.rows * job.epochs / (ended - began),
        times[0] - began,
        peak.megabytes,
        *scores(noted["predicted"], job.data),
    )


class Peak:
    """Adds up the proportional memory (PSS) of a process and all its children twice a second; keeps the highest sum."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._process, self._over = psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            found = 0
            with contextlib.suppress(psutil.Error):
                for process in [self._process, *self._process.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        found += process.memory_full_info().pss
            self.megabytes = max(self.megabytes, found / 1e6)
