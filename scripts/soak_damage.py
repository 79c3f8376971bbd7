"""Damage files of every format that a model comes in, bit by bit and cut by cut, and see what opening them does.

    python scripts/soak_damage.py                        1,000 flipped bits and 200 cuts of each format
    python scripts/soak_damage.py --flips 60 --cuts 20 --formats onnx tokenizer.json

Each damaged file goes through the check that every import goes through (fmtools.kit.stranger.check); what that takes is then read
as fmtools reads it. Outcomes: "refused" (in one sentence, also when the process that parsed it died of it), "refused by its
reader" (in one sentence, before anything was computed), "harmless" (it was read, as a file with another number or word in
it: without a seal nobody can know) and "failed" (a crash, a traceback, a hang). The formats of `SEALED` carry a seal: all of
theirs must be refused at once. The last line is JSON; the exit status is 1 when anything failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fmtools.core.errors import FmError
from fmtools.kit.sealing import box as sealed_box
from fmtools.kit.sealing import keys as sealed_keys
from fmtools.kit.stranger import check as stranger
from fmtools.kit.stranger import child as stranger_child
from fmtools.kit.stranger.tree import Fault, files_of

#: Format -> the file that is damaged.
FORMATS = {
    "safetensors": "model.safetensors", "onnx": "onnx/model.onnx", "tokenizer.json": "tokenizer.json",
    "config.json": "config.json", "sealed": "", "age": "x.age",
}  # fmt: skip
SEALED = ("sealed", "age")
#: Formats that are read by building a model.
BUILT = ("safetensors", "config.json")
SECONDS = 60


def model(folder: Path, kind: str) -> Path:
    """Make a folder with real files of every format, small enough to be read 1,000 times: a tiny BERT where one is built."""
    import malicious

    malicious.good(folder)
    if kind not in BUILT:
        return folder
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    BertModel(BertConfig(vocab_size=60, max_position_embeddings=20, **sizes), add_pooling_layer=False).save_pretrained(
        folder
    )
    return folder


def damaged(data: bytes, flips: int, cuts: int, seed: int) -> list[bytes]:
    """Return copies with one bit flipped each, and copies cut short, at places drawn by chance."""
    chance, found = random.Random(seed), []
    for _ in range(flips):
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        found.append(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
    return found + [data[: chance.randrange(len(data))] for _ in range(cuts)]


def outcome(check: Callable[[], str], read: Callable[[], str]) -> str:
    """Return refused, harmless or failed. Both calls happen in processes of their own, under limits."""
    said = forked(check)
    if said.startswith(("refused", "died")):
        return "refused"
    if said != "taken":
        return f"failed: check: {said}"
    said = forked(read)
    return {"taken": "harmless", "refused": "refused by its reader"}.get(said, f"failed: read: {said}")


def forked(work: Callable[[], str]) -> str:
    """Return what `work` says in a forked process: taken, refused, "died of N", or an exception that is no FmError."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        try:
            said = work()
        except (FmError, Fault):
            said = "refused"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"[:300]
        os.write(writable, said.encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return f"died of signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else said


def check_of(folder: Path) -> Callable[[], str]:
    """Return the check of a folder. What the product hands to a child process is judged here, by the child's own code."""

    def parsed(jobs: list[stranger.Job], root: Path) -> None:
        stranger_child.limit(6 << 30, 30)
        for job in jobs:
            if reason := stranger_child.judge({"kind": job.kind, "path": root / job.file.name, "root": root}):
                raise Fault(job.file.name, reason)

    def check() -> str:
        stranger.check_parsed = parsed
        stranger.check(folder)
        return "taken"

    return check


def reader_of(kind: str, folder: Path) -> Callable[[], str]:
    """Return how fmtools reads a file of a kind, after the check."""

    def read() -> str:
        if kind == "onnx":
            import numpy as np
            import onnxruntime

            session = onnxruntime.InferenceSession(str(folder / FORMATS[kind]))
            try:
                session.run(None, {session.get_inputs()[0].name: np.ones((2, 4), np.float32)})
            except Exception as error:
                return "refused" if "ONNXRuntimeError" in str(error) or isinstance(error, ValueError) else str(error)
        elif kind == "tokenizer.json":
            from tokenizers import Tokenizer

            Tokenizer.from_file(str(folder / kind)).encode("a b c").ids  # noqa: B018
        else:
            import torch
            from transformers import AutoModel

            from fmtools.kit.models import encoders

            loaded = encoders._load(AutoModel, str(folder))
            with torch.no_grad():
                loaded(input_ids=torch.ones(1, 4, dtype=torch.long))
        return "taken"

    return read


def campaign(kind: str, folder: Path, flips: int, cuts: int, seed: int = 7) -> Counter[str]:
    """Damage one format so often; return how often each outcome came."""
    if kind == "age":
        return _age(folder, flips, cuts, seed)
    sealed = kind == "sealed"
    if sealed:
        from fmtools.store.files import seal

        seal(folder, {"name": "soak"})
    names = [file.name for file in files_of(folder) if file.size] if sealed else [FORMATS[kind]]
    found: Counter[str] = Counter()
    check = check_of(folder)
    assert forked(check) == "taken"
    for number in range(flips + cuts):
        path = folder / names[number % len(names)]
        whole = path.read_bytes()
        is_flip = number < flips
        path.write_bytes(damaged(whole, int(is_flip), int(not is_flip), seed * 100_000 + number)[0])
        found[outcome(check, reader_of(kind, folder))] += 1
        path.write_bytes(whole)
    return found


def _age(folder: Path, flips: int, cuts: int, seed: int) -> Counter[str]:
    key = sealed_keys.of_file(folder.with_name("soak.key"), make=True)
    sealed_box.seal(folder, folder.with_name("x.age"), key, sealed_box.Label("artifact", "x"))

    def opens(data: bytes) -> str:
        sealed_box.open_box(data, key)
        return "taken"

    whole = folder.with_name("x.age").read_bytes()
    assert opens(whole) == "taken"
    copies = damaged(whole, flips, cuts, seed)
    return Counter(outcome(lambda copy=copy: opens(copy), lambda: "taken") for copy in copies)  # type: ignore[misc]


def violations(kind: str, found: Counter[str]) -> int:
    """Return how many outcomes must not be."""
    bad = sum(count for name, count in found.items() if name.startswith("failed"))
    return bad + (sum(found.values()) - bad - found["refused"] if kind in SEALED else 0)


def main() -> None:
    """Damage all formats, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--formats", nargs="+", default=list(FORMATS), choices=list(FORMATS))
    asked = parser.parse_args()
    preload(asked.formats)
    total = {}
    for kind in asked.formats:
        root = Path(tempfile.mkdtemp(prefix="soak-damage-"))
        try:
            found = campaign(kind, model(root / "model", kind), asked.flips, asked.cuts)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        total[kind] = {**found, "violations": violations(kind, found)}
        print(kind, json.dumps(total[kind]), flush=True)
    print(json.dumps(total))
    sys.exit(any(facts["violations"] for facts in total.values()))


def preload(formats: list[str]) -> None:
    """Import what the forked processes need, once."""
    import onnxruntime  # noqa: F401
    import tokenizers  # noqa: F401

    from fmtools.kit.stranger import onnx as stranger_onnx  # noqa: F401

    if not set(BUILT) & set(formats):
        return
    import torch
    import transformers
    from transformers import AutoModel, BertModel  # noqa: F401

    from fmtools.kit.models import encoders  # noqa: F401

    transformers.logging.set_verbosity(50)
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)  # a forked process has no threads of its parent


if __name__ == "__main__":
    main()
