"""Libraries that fmtools does without until a task needs them."""

from __future__ import annotations

import importlib.util

from ..core.errors import ModelError


def need(module: str, package: str, extra: str) -> None:
    """Raise ModelError, with the line that installs it, when a library is not there. Nothing is imported."""
    if importlib.util.find_spec(module) is None:
        raise ModelError(f"This task needs {package}, which is not installed.", f"pip install 'fmtools[{extra}]'")
