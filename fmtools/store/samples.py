"""Kept texts of model servers, de-identified: `services/<ulid>/sample/<day>.jsonl`, and how many of the day were seen.

A day's file is replaced as a whole when its sample changes: a text that made room for another one is gone.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import StoreError
from .files import private_folder, read_json, write_file, write_json

SAMPLE = "sample"
#: Days that a sample is kept.
KEPT = 30
_DAY = re.compile(r"[0-9]{8}")


@dataclass(frozen=True)
class Day:
    """The sample of a day (UTC, YYYYMMDD): rows of texts, "prediction" and "score", out of `seen` texts."""

    path: Path
    seen: int
    rows: list[dict[str, Any]]

    @property
    def day(self) -> str:
        return self.path.stem


def today(now: float) -> str:
    """Return the day (UTC) of a moment (s)."""
    return time.strftime("%Y%m%d", time.gmtime(now))


def write(folder: Path, day: str, rows: list[dict[str, Any]], seen: int) -> None:
    """Replace a day's sample; drop those that are too old."""
    private_folder(folder)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_file(folder / f"{day}.jsonl", lines.encode("utf-8", "replace"))
    write_json(_count(folder, day), {"seen": seen})
    oldest = today(time.time() - KEPT * 86_400)
    for path in folder.glob("*.jsonl"):
        if _DAY.fullmatch(path.stem) and path.stem < oldest:
            path.unlink(missing_ok=True)
            _count(folder, path.stem).unlink(missing_ok=True)


def read(folder: Path, day: str) -> Day:
    """Return a day's sample, an empty one where there is none; a line that is damaged is left out."""
    path, rows, seen = folder / f"{day}.jsonl", [], 0
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                rows.append(json.loads(line))
    with contextlib.suppress(OSError, StoreError, LookupError, ValueError, TypeError):
        seen = int(read_json(_count(folder, day))["seen"])
    return Day(path, max(seen, len(rows)), rows)


def newest(folder: Path) -> Day | None:
    """Return the newest day that has a sample; None when nothing was kept."""
    days = sorted(path.stem for path in folder.glob("*.jsonl") if _DAY.fullmatch(path.stem))
    return read(folder, days[-1]) if days else None


def _count(folder: Path, day: str) -> Path:
    return folder / f".{day}.json"
