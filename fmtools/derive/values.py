"""What may stand where a value is typed, for Tab in a notebook and for forms. Fast, and never raises.

Layers forbid a look into the store or the notebook from here: the caller passes an `Environment` that knows them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmtools.core.options import Options, flag, hint_of

from .fields import choices, is_bool

#: More candidates than this help nobody, and a folder can hold a million files.
LIMIT = 200


def _nothing() -> list[str]:
    return []


def _none_of(_: object) -> list[str]:
    return []


@dataclass(frozen=True)
class Environment:
    """What only the caller knows: runs by name and id, model servers, knowledge bases, and the notebook's variables that hold
    tables or modules."""

    runs: Callable[[], list[str]] = _nothing
    data: Callable[[], list[str]] = _nothing
    folder: Path = Path()
    modules: Callable[[], list[str]] = _nothing
    indexes: Callable[[], list[str]] = _nothing
    #: Whether only those at work are wanted -> names of model servers.
    services: Callable[[bool], list[str]] = _none_of
    #: "RUN/" and what was typed behind it -> RUN/NAME of each exported model.
    artefacts: Callable[[str], list[str]] = _none_of


def candidates(cls: type[Options], field_name: str, prefix: str, environment: Environment) -> list[str]:
    """Return the values of a field that begin with `prefix`, best first, at most LIMIT; empty when none is known."""
    try:
        field = cls.model_fields[field_name]
        if is_bool(field):
            return []
        known = choices(field) or _known(hint_of(field).complete, environment)
        found = list(dict.fromkeys(word for word in known if word.startswith(prefix)))
        if hint_of(field).complete == "runs" and "/" in prefix:
            found += [word for word in environment.artefacts(prefix) if word.startswith(prefix)]
        if hint_of(field).complete in ("data", "models", "path"):
            found += paths(prefix, environment.folder, folders_only=hint_of(field).complete == "models")
        return found[:LIMIT]
    except Exception:
        # Tab must never put a traceback under someone's cursor.
        return []


def options(cls: type[Options], prefix: str, used: set[str]) -> list[str]:
    """Return the options as typed that begin with `prefix` and are not among the `used` field names."""
    free = [name for name in cls.model_fields if name not in used]
    on = [name for name in free if is_bool(cls.model_fields[name]) and cls.model_fields[name].default]
    switches = [flag("no_" + name) for name in on]
    return [typed for typed in [*map(flag, free), *switches] if typed.startswith(prefix)]


def paths(prefix: str, folder: Path, folders_only: bool = False) -> list[str]:
    """Return files and folders that begin with `prefix` as typed; folders end in a slash, hidden ones need the dot."""
    head, tail = os.path.split(prefix)
    base = folder / os.path.expanduser(head)
    found: list[str] = []
    with os.scandir(base) as entries:
        for entry in entries:
            if not entry.name.startswith(tail) or (entry.name.startswith(".") and not tail.startswith(".")):
                continue
            is_folder = entry.is_dir()
            if is_folder or not folders_only:
                found.append(prefix[: len(prefix) - len(tail)] + entry.name + ("/" if is_folder else ""))
            if len(found) >= LIMIT:
                break
    return sorted(found)


def _known(kind: str, environment: Environment) -> list[str]:
    if kind == "runs":
        return ["last", *environment.runs()]
    if kind in ("services", "running services"):
        return ["last", *environment.services(kind == "running services")]
    if kind == "indexes":
        return environment.indexes()
    if kind == "data":
        return [*environment.data(), *source_names()]
    if kind == "assets":
        from fmtools.core import registry

        return [*registry.names("models"), *source_names()]
    if kind in ("space", "goals"):
        from fmtools.core.goals import known_goals
        from fmtools.core.options.space import searchable

        return searchable() if kind == "space" else known_goals()
    if kind == "steps":
        from fmtools.core.options.steps import STEPS

        return list(STEPS)
    if kind in ("tasks", "models", "formats", "followers", "exporters", "optimizers"):
        from fmtools.core import registry

        own = environment.modules() if kind == "models" else []
        return [*own, *registry.names("sources" if kind == "formats" else kind)]
    return []


def source_names() -> list[str]:
    """Return the names of built-in data sets: what each source says a user can type. Sources import nothing heavy."""
    from fmtools.core import registry

    found: list[str] = []
    for kind in registry.names("sources"):
        try:
            found += registry.get("sources", kind).names
        except Exception:
            continue
    return sorted(found)
