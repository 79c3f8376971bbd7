"""The plug-in door: entry points, loaded one by one on first use. A broken plug-in is a warning, never a crash."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .contracts import GROUPS
from .errors import OptionError
from .options import nearest
from .tasks import ALIASES


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUPS[kind]):
        found.setdefault(entry.name, entry)
    return found


def names(kind: str) -> list[str]:
    """Return the names registered for "tasks", "sources" or "models", without importing any of them."""
    return sorted(_entries(kind))


@cache
def _load(kind: str, name: str) -> Any:
    return _entries(kind)[name].load()()


def get(kind: str, name: str) -> Any:
    """Return one plug-in. Raises OptionError, with the nearest name, when there is none or it does not load."""
    known = names(kind)
    if name not in known:
        guess = nearest(name, [*known, *(ALIASES if kind == "tasks" else ())])
        hint = f"Did you mean {guess}?" if guess else f"Known: {', '.join(known)}."
        raise OptionError(f"There is no {kind[:-1]} named {name!r}.", hint)
    try:
        return _load(kind, name)
    except Exception as error:
        package = getattr(_entries(kind)[name].dist, "name", "?")
        raise OptionError(
            f"The {kind[:-1]} plug-in {name!r} (package {package}) does not load: {error}.", "Update or uninstall it."
        ) from error


def every(kind: str) -> dict[str, Any]:
    """Return all plug-ins of a kind that load; each one that does not is a visible warning."""
    found = {}
    for name in names(kind):
        try:
            found[name] = get(kind, name)
        except OptionError as error:
            warnings.warn(str(error), stacklevel=2)
    return found
