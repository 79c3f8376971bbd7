"""What model servers saw, minute by minute: `services/<ulid>/windows/*.jsonl`, written by their workers (serving.sights)."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from .files import private_folder

#: Touched by a reader who wants the present minute too.
LOOK = "look"
_NEEDED = {"t", "requests", "seconds", "tally"}


def ask(folder: Path) -> None:
    """Ask the workers to write what they have counted so far; they look twice a second."""
    with contextlib.suppress(OSError):
        (private_folder(folder) / LOOK).touch(0o600)


def read(folder: Path, since: float = 0.0) -> tuple[list[dict[str, Any]], int]:
    """Return the windows that began at `since` (s) or later, oldest first, and how many lines were damaged."""
    found, damaged = [], 0
    for path in folder.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            if not line.strip():
                continue
            window = _window(line)
            if window is None:
                damaged += 1
            elif window["t"] >= since:
                found.append(window)
    return sorted(found, key=lambda window: float(window["t"])), damaged


def _window(line: bytes) -> dict[str, Any] | None:
    try:
        window = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(window, dict) and window.get("v") == 1 and window.keys() >= _NEEDED
    return window if whole else None
