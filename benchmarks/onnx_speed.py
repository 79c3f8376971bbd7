"""int8 beside torch, plain ONNX, bf16, NNCF and torchao: one thread, processor time, in turns, four shapes; what it loses on test rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import fmtools
from fmtools.core import registry
from fmtools.kit.exporting import recorded
from fmtools.kit.fetching.assets import cache_root
from fmtools.kit.onnx import fuse as onnx_fuse
from fmtools.kit.onnx import timing as onnx_timing
from fmtools.store import datasets
from fmtools.store.runs import home

from . import tiny
from .figures import Aim, Figure
from .peers import QUIET, versus_env
from .settings import Settings, scratch

HERE = Path(__file__).parent / "peers"
#: Batch and length, and how many times faster than torch int8 should be there, on the spine's model.
SHAPES = ((1, 32, 4.0), (1, 128, 3.0), (32, 32, 2.5), (32, 128, 2.2))
SHARE, AGREEMENT, POINTS = 0.27, 0.985, 0.5
#: Largest difference of plain ONNX from torch; beyond it the times would compare two models.
PARITY = 1e-3
INT8, EAGER, BF16, PLAIN, NNCF = "int8", "torch", "torch bf16 autocast", "onnxruntime fp32", "NNCF int8"


@dataclass(frozen=True)
class Case:
    """A trained model: what it is called and how it is trained. `strict`: the aims of speed are meant for it."""

    name: str
    task: str
    options: dict[str, Any]
    strict: bool = False


CASES = (
    Case("MiniLM, reviews", "text-classification", {"model": "minilm", "data": "reviews", "max_steps": 150}, True),
    Case("e5-small, shop-reviews (Chinese)", "text-classification", {"model": "e5-small", "data": "shop-reviews", "max_steps": 100}, True),
    Case("e5-small, people-daily (entities)", "token-classification", {"model": "e5-small", "data": "people-daily", "max_steps": 150}, True),
    Case("LSTM, reviews", "text-classification", {"model": "lstm", "from_scratch": True, "data": "reviews", "epochs": 2}),
)  # fmt: skip


def run(settings: Settings) -> list[Figure]:
    """Measure every case; quick: a tiny model, one shape, no peer of its own environment."""
    with scratch() as folder:
        if settings.quick:
            data = tiny.write_csv(folder / "rows.csv")
            options = {"model": str(tiny.make_model(folder / "tiny")), "data": str(data), "epochs": 2}
            case = Case("tiny", "text-classification", options)
            return _case(case, settings, SHAPES[:1])
        return [figure for case in CASES for figure in _case(case, settings, SHAPES)]


def _case(case: Case, settings: Settings, shapes: tuple[tuple[int, int, float], ...]) -> list[Figure]:
    run = fmtools.train(case.task, **case.options, watch_every=0, seed=42)
    found = measured(case, run, settings, shapes)
    if case is CASES[0]:
        found += _torchao(run.path / "artifacts" / "model")
    return found


def measured(
    case: Case, run: Any, settings: Settings, shapes: tuple[tuple[int, int, float], ...] = SHAPES, rows: int = 1000
) -> list[Figure]:
    """Export and quantize a trained run, and measure both beside torch."""
    plain = fmtools.export(run.id)
    small = fmtools.quantize(run.id, "int8-dynamic", rows=64 if settings.quick else rows, max_loss="100pt")
    found = _quality(case, small, not settings.quick)
    subject = _subject(run)
    models = {
        EAGER: _torch(subject),
        BF16: _autocast(subject),
        PLAIN: onnx_timing.onnx(plain.path / "onnx/model.onnx"),
        INT8: onnx_timing.onnx(small.path / "onnx/model.onnx"),
    }
    _check_parity(plain.path / "onnx/model.onnx", models[EAGER], subject)
    theirs = None if settings.quick else _nncf(plain.path / "onnx/model.onnx", subject, home())
    if theirs:
        models[NNCF] = onnx_timing.onnx(theirs)
    with onnx_timing.threads():
        for batch, length, aim in shapes:
            feed = _feed(subject, batch, length)
            seconds = 0.5 if settings.quick else 20.0
            taken = onnx_timing.in_turns(models, feed, seconds)
            found += _speeds(case, f"{batch} x {length}", taken, Aim(">=", aim) if case.strict else None)
    return found


def _quality(case: Case, small: Any, aims: bool) -> list[Figure]:
    sizes = small.card["measured"]["bytes"]
    return [
        Figure(f"{case.name}: int8 file of the fp32 one", [sizes["int8-dynamic"] / sizes["onnx"]], "share", Aim("<=", SHARE) if aims else None),
        Figure(f"{case.name}: same answers", [small.agreement], "share", Aim(">=", AGREEMENT) if aims else None),
        Figure(f"{case.name}: points of {small.card['main']} lost", [small.card["points_lost"]], "", Aim("<=", POINTS) if aims else None),
    ]  # fmt: skip


def _speeds(case: Case, shape: str, taken: Mapping[str, float], aim: Aim | None) -> list[Figure]:
    eager = taken[EAGER]
    times = [Figure(f"{case.name} {shape}: {EAGER}", [1000 * eager], "ms")]
    others = [
        Figure(f"{case.name} {shape}: {name} is faster than torch by", [eager / seconds], "times", aim if name == INT8 else None)
        for name, seconds in taken.items()
        if name != EAGER
    ]  # fmt: skip
    return [*times, *others]


def _subject(run: Any) -> Any:
    record = run._folder.record
    task = registry.get("tasks", record.task)
    folder = run.path / "artifacts" / "model"
    splits, _ = datasets.load(record.dataset, home())
    return recorded.record(task, task.load(folder), splits["validation"].slice(0, 16), folder)


def _torch(subject: Any) -> Callable[[Mapping[str, np.ndarray]], Any]:
    def ask(feed: Mapping[str, np.ndarray]) -> Any:
        with torch.inference_mode():
            return recorded.call(subject, {name: torch.from_numpy(feed[name]) for name in subject.inputs})

    return ask


def _autocast(subject: Any) -> Callable[[Mapping[str, np.ndarray]], Any]:
    eager = _torch(subject)

    def ask(feed: Mapping[str, np.ndarray]) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return eager(feed)

    return ask


def _feed(subject: Any, batch: int, length: int) -> dict[str, np.ndarray]:
    """Return real tokens, repeated to the shape; nothing is padding."""
    real = np.concatenate([one["input_ids"].numpy().ravel() for one in subject.examples])
    real = real[real > 0]
    ids = np.resize(real, (batch, length)).astype(np.int64)
    kinds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return {name: kinds[name] for name in subject.inputs}


def _check_parity(plain: Path, eager: Callable[..., Any], subject: Any) -> None:
    feeds = [_feed(subject, 3, 17), *({n: v.numpy() for n, v in one.items()} for one in subject.examples)]
    wanted = [[value.numpy() for value in eager(feed).values()] for feed in feeds]
    apart = onnx_fuse.apart(wanted, onnx_fuse.answers(plain, feeds))
    if not apart <= PARITY:
        raise RuntimeError(f"plain ONNX is {apart:.2g} from torch: nothing to compare")


def _nncf(plain: Path, subject: Any, folder: Path) -> Path | None:
    """Let NNCF quantize the plain file in an environment of its own, calibrated on the run's rows; None where it cannot."""
    feeds, target = folder / f"{plain.parents[3].name}-feeds", folder / f"{plain.parents[3].name}-nncf.onnx"
    feeds.mkdir(exist_ok=True)
    for number, one in enumerate(subject.examples):
        np.savez(feeds / f"{number}.npz", **{name: one[name].numpy() for name in subject.inputs})
    try:
        python = versus_env.python("nncf", cache_root())
    except versus_env.NoEnvironment as error:
        print(f"no NNCF: {error}", file=sys.stderr)
        return None
    command = [str(python), str(HERE / "onnx_nncf.py"), str(plain), str(feeds), str(target)]
    done = subprocess.run(command, env={**os.environ, **QUIET}, capture_output=True, text=True)
    if done.returncode:
        print(f"NNCF failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return target


def _torchao(model: Path) -> list[Figure]:
    """Time torchao's int8 of the same encoder in an environment with torchao beside ours, over its own eager."""
    try:
        python = versus_env.python("torchao", cache_root())
    except versus_env.NoEnvironment as error:
        print(f"no torchao: {error}", file=sys.stderr)
        return []
    ours = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    command = [str(python), str(HERE / "onnx_torchao.py"), str(model), json.dumps([s[:2] for s in SHAPES])]
    done = subprocess.run(command, env={**os.environ, **QUIET, "PYTHONPATH": ours}, capture_output=True, text=True)
    if done.returncode:
        print(f"torchao failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return []
    return [
        Figure(f"the same encoder {batch} x {length}: torchao int8 is faster than torch by", [ratio], "times")
        for batch, length, ratio in json.loads(done.stdout.strip().splitlines()[-1])
    ]
