"""A trial's options as the `%fm_train` line that repeats it. The general writer of lines is derive.line."""

from __future__ import annotations

import re
from typing import Any

from .base import flag
from .train import TrainOptions

_PLAIN = re.compile(r"[\w./@:,+=|-]+")


def train_line(values: dict[str, Any], names: dict[str, str]) -> str:
    """Return the line: the task in its place, the rest by name. `names` are a notebook's names of objects."""
    given = {**values, **names}
    words = [_quoted(str(given.pop("task"))) if "task" in given else ""]
    for name in [name for name in TrainOptions.model_fields if name in given]:
        words += _option(name, given[name])
    return " ".join(["%fm_train", *filter(None, words)])


def _option(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [flag(name) if value else flag(f"no_{name}")]
    if isinstance(value, list):
        return [flag(name), *(_quoted(str(one)) for one in value)] if value else []
    return [flag(name), _quoted(f"{value:.12g}" if isinstance(value, float) else str(value))]


def _quoted(text: str) -> str:
    """Quote as derive.words.split reads it."""
    if _PLAIN.fullmatch(text) and not text.startswith("-"):
        return text
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
