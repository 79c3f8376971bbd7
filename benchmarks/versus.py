"""MiniLM fine-tuned on `intents`, 3 epochs, in turns: fmtools in a notebook, a loop by hand, the stock Trainer, Lightning, SetFit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from fmtools.kit.fetching.assets import cache_root
from fmtools.runtime import launch

from . import tiny
from .figures import Figure
from .peers import versus_env, versus_fmtools, versus_run
from .peers.versus_report import LOOP, OURS, Found, Peer, figures, markdown
from .peers.versus_run import Job, Outcome
from .settings import Settings, scratch

SEED = 42
#: Seeds with which the loop and ours alone train as well: a seed moves accuracy by more than half a point.
FURTHER = 3
PEERS = (
    Peer(LOOP, "loop", note="bf16 where native, batches of like length, fused AdamW, no Trainer"),
    Peer("Trainer", "trainer", note="transformers, as its guide shows it"),
    Peer("Trainer, tuned", "trainer_tuned", note="bf16, group_by_length, fused AdamW"),
    Peer("Lightning", "lightning", "lightning", note="as its tutorial shows it, padding by batch"),
    Peer("Lightning, tuned", "lightning_tuned", "lightning", note="bf16-mixed"),
    Peer("SetFit", "setfit", "setfit", pairs=True, note="one pass over 2 pairs a row; steady: texts of pairs"),
)
#: The quick form installs nothing.
QUICK = PEERS[:2]
Pairs = list[tuple[str, str]]
Side = Callable[[Job, Path], Outcome]


def run(settings: Settings) -> list[Figure]:
    """Train in turns, a seed a round; quick: on few rows, beside what needs no environment of its own."""
    cache = cache_root()  # before the scratch store changes where it is
    with scratch() as folder:
        model = Path(launch.resolve("minilm"))
        small = _job(folder / "small", _small(), model, epochs=1, warm=3)
        sides, lost = _sides(QUICK if settings.quick else PEERS, small, cache, folder)
        job = small if settings.quick else _job(folder / "rows", _whole(), model, epochs=3, warm=10)
        n = settings.repeats(3, 1)
        found = _rounds(sides, job, folder, range(n))
        pair = {name: sides[name] for name in (OURS, LOOP)}
        further = {} if settings.quick else _rounds(pair, job, folder, range(n, n + FURTHER))
    asked = [peer for peer in PEERS if peer.name in found]
    print("", markdown(found, asked), "", *(f"left out: {line}" for line in lost), sep="\n", flush=True)
    return figures(found, asked, lost, further)


def _small() -> dict[str, Pairs]:
    pairs = tiny.rows()
    return {"train": pairs[::2], "validation": pairs[1::4], "test": pairs[3::4]}


def _whole() -> dict[str, Pairs]:
    tables = launch.load("intents").splits
    return {
        name: list(zip(table["text"].to_pylist(), table["intent"].to_pylist(), strict=True))
        for name, table in tables.items()
    }


def _job(folder: Path, splits: dict[str, Pairs], model: Path, epochs: int, warm: int) -> Job:
    folder.mkdir()
    for name, pairs in splits.items():
        tiny.write_csv(folder / f"{name}.csv", pairs)
    return Job(folder, model, epochs, len(splits["train"]), SEED, warm)


def _sides(peers: tuple[Peer, ...], small: Job, cache: Path, folder: Path) -> tuple[dict[str, Side], list[str]]:
    """Return what can run here, and why the rest cannot. Each has run once, so that none reads its libraries from the disk."""
    sides: dict[str, Side] = {OURS: lambda job, _: versus_fmtools.train(job)}
    lost = []
    for peer in peers:
        try:
            python = versus_env.python(peer.env, cache) if peer.env else sys.executable
            side = partial(_script, peer, python)
            print(f"trying {peer.name}: {side(small, folder)}", file=sys.stderr, flush=True)
        except (versus_env.NoEnvironment, RuntimeError) as error:
            if not peer.env:
                raise
            lost.append(f"{peer.name}: {str(error).strip().splitlines()[-1]}")
        else:
            sides[peer.name] = side
    with scratch():
        print(f"trying {OURS}: {sides[OURS](small, folder)}", file=sys.stderr, flush=True)
    return sides, lost


def _script(peer: Peer, python: Path | str, job: Job, folder: Path) -> Outcome:
    return versus_run.script(peer.script, python, job, folder, pairs=peer.pairs)


def _rounds(sides: dict[str, Side], job: Job, folder: Path, rounds: range) -> Found:
    """Let every side train once a round, in turns; each round has another seed and an empty run store."""
    found: Found = {name: [] for name in sides}
    for i in rounds:
        with scratch():
            for name in list(sides)[:: 1 if i % 2 == 0 else -1]:
                found[name].append(sides[name](replace(job, seed=SEED + i), folder))
                print(f"round {i + 1}, {name}: {found[name][-1]}", file=sys.stderr, flush=True)
    return found
