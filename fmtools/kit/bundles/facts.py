"""What the files of a bundle are filled with: names, sizes, limits, figures."""

from __future__ import annotations

import json
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any

from ...serving.settings import Settings
from ...serving.supervisor import SPARE
from ..exporting import machine_paths as paths
from . import asking

PORT, USER = 8000, 10001
#: Seconds that a copy goes on answering after it was told to leave: until balancers have heard of it.
LEAVING = 5
#: MiB that the server's two processes hold without a model, and how a model's files grow in memory. Measured: 143 MiB with a model of
#: 5 MiB, 479 MiB with one of 311 MiB.
BARE_MB, GROWTH = 160, 1.25
#: Rows and tokens of the largest batch that the server tries, and how often its outputs lie in memory (389 MiB with a
#: vocabulary of 30,522).
BATCH, COPIES = 8 * 128, 2
#: What the server is started with must be importable: import names of the packages in pins.NEEDED.
IMPORTS = ("fastapi", "numpy", "onnxruntime", "prometheus_client", "pydantic", "starlette", "tokenizers", "uvicorn")


def of(card: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the values of all templates for a model's card (fmtools.json) and the folder that holds its files."""
    name, drain = slug(card.get("name", "")), Settings("").drain
    path, body = asking.request(card, name, folder)
    tag = str(card.get("run") or "1")[-12:].lower()
    files = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    request, limit = memory(files, _scores(card, folder))
    return {
        "slug": name, "tag": tag, "image": f"{name}:{tag}", "title": _line(card.get("name") or name), "task": card["task"],
        "languages": " → ".join(_line(code) for code in card.get("languages") or ()),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}", "port": PORT, "user": USER,
        "drain": int(drain), "grace": int(drain + SPARE) + 5, "leaving": LEAVING, "cpus": 2,
        "memory_request": request, "memory_limit": limit,
        "path": path, "body": body, "quoted": shlex.quote(json.dumps(body, ensure_ascii=False)), "imports": list(IMPORTS),
        "table": _table(card), **_verdicts(card), "size": _size(folder), "version": _version(),
        "base": paths.bare(str(card.get("base") or "")), "licence": card.get("licence") or "",
        "server_licence": _licence(),
    }  # fmt: skip


def slug(name: str) -> str:
    """Return a name that Kubernetes, Docker and an address take: a-z, 0-9 and -, 40 at most."""
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    found = found if found[:1].isalpha() else f"model-{found}"
    return found[:40].strip("-")


def memory(size: int, scores: int = 0) -> tuple[int, int]:
    """Return (what is asked for, what is allowed) in MiB for a model of `size` bytes, of whose outputs a batch has `scores`
    bytes; in steps of 64."""
    asked = BARE_MB + (GROWTH * size + COPIES * scores) / 2**20
    return _steps(asked), _steps(2 * asked + 128)


def _scores(card: dict[str, Any], folder: Path) -> int:
    """Return the bytes of a batch's outputs where each token has a score for every word; a language model writes alone."""
    if card["task"] != "fill-mask":
        return 0
    words = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("vocab_size") or 0
    return int(words) * BATCH * 4


def _steps(value: float) -> int:
    return int(-(-value // 64) * 64)


def _line(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "/")


def _table(card: dict[str, Any]) -> str:
    before, after = card.get("metrics_of_original") or {}, card.get("metrics") or {}
    lines = [f"| {name} | {before[name]:.4f} | {after[name]:.4f} |" for name in after if name in before]
    return "\n".join(["| metric | trained model | this one |", "|---|---|---|", *lines])


def _verdicts(card: dict[str, Any]) -> dict[str, str]:
    rows, apart, how = card.get("rows", 0), card.get("max_abs_diff", 0.0), card.get("method") or "ONNX"
    return {
        "verdict": f"Both were scored on the same {rows:,} held-out rows before this was written ({how}); the largest difference of an "
        f"output was {apart:.2g}.",
        "verdict_zh": f"写出之前，两者在同样的 {rows:,} 行留出数据上评分（{how}）；输出的最大差异为 {apart:.2g}。",
    }


def _size(folder: Path) -> str:
    return f"{sum(file.stat().st_size for file in folder.rglob('*.onnx*')) / 1e6:,.1f} MB"


def _version() -> str:
    try:
        return version("fmtools")
    except PackageNotFoundError:
        return ""


def _licence() -> str:
    try:
        found = metadata("fmtools").get_all("License-Expression") or [""]
    except PackageNotFoundError:
        return ""
    return str(found[0])
