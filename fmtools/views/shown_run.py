"""What is known of a run, as text: its state, what asked for it, and what it has published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.wire import Head
from .card import text as state_text
from .language import say
from .tables import plain
from .words import size_words


def text(head: Head, path: str, artifacts: Sequence[dict[str, Any]]) -> str:
    """Return a run's state, its command and folder, and a table of `artifacts`: {"name", "format", "method", "size_bytes",
    "metrics", "encrypted"}."""
    lines = [state_text(head), "  ".join(part for part in (head.task, head.model, head.data) if part)]
    lines += [head.command] if head.command else []
    lines.append(path)
    if not artifacts:
        return "\n".join([*lines, say("no artifacts yet")])
    columns = [say(word) for word in ("artifact", "format", "method", "size", "metrics")]
    return "\n".join([*lines, "", plain(columns, [_row(one) for one in artifacts])])


def _row(one: dict[str, Any]) -> list[str]:
    scores = ", ".join(f"{name} {value:.3f}" for name, value in one["metrics"].items())
    format_ = f"{one['format']} ({say('encrypted')})" if one["encrypted"] else one["format"]
    return [one["name"], format_, one["method"], size_words(one["size_bytes"]), scores]
