"""The process that parses a stranger's files: little memory, little time, no files of its own, no secrets in its environment.

`python -m fmtools.kit.stranger.child` reads one JSON job from its input and prints one JSON answer. It may well die of what
it reads; then the answer is that it died.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Said when a file is not to be used; the parent makes a sentence of it.
Reason = str
_SAMPLE = "The quick brown fox, 12.5 % of it: 猫抓老鼠! \U0001f642 e\u0301\n\tEND"


def limit(memory: int, seconds: int) -> None:
    """Take away what parsing does not need: address space above `memory` bytes, processor time, files, core dumps."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock remains
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0}
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS has no RLIMIT_AS
            resource.setrlimit(getattr(resource, name), (value, value))


def judge_tokenizer(path: Path, root: Path) -> Reason:
    """Parse tokenizer.json with the library that will read it, and let it encode one line."""
    del root
    from tokenizers import Tokenizer

    try:
        words = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:
        return f"is damaged: {_first(error)}"
    length = len(words.encode(_SAMPLE).ids)
    return "" if length <= 100_000 else "makes more than 100,000 tokens of one line"


def judge_onnx(path: Path, root: Path) -> Reason:
    """Parse an ONNX file, check what it names, and let the runtime open it once."""
    from . import onnx as stranger_onnx

    return stranger_onnx.judge(path, root)


JUDGES: dict[str, Callable[[Path, Path], Reason]] = {"tokenizer": judge_tokenizer, "onnx": judge_onnx}


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def judge(job: dict[str, Any]) -> Reason:
    """Return why a file is not to be used, or ""."""
    try:
        return JUDGES[job["kind"]](Path(job["path"]), Path(job["root"]))
    except MemoryError:
        return "needs far more memory than a file of its size should"
    except Exception as error:  # a library's own fault is a refusal, too
        return f"cannot be parsed: {_first(error)}"


def main() -> None:
    """Judge the files of one job; print {name: reason}."""
    job = json.load(sys.stdin)
    limit(int(job["memory"]), int(job["seconds"]))
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # libraries written in C print where they like
        os.dup2(nothing.fileno(), 1)
    json.dump({file["name"]: judge(file) for file in job["files"]}, answer)
    answer.flush()
    os._exit(0)  # the destructors of a damaged model need not run


if __name__ == "__main__":
    main()
