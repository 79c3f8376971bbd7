"""A user's module as bytes: by value with cloudpickle, so that a class defined in a cell reaches the worker.

Such a file is code. It is unpickled from a folder of our own store only, whose manifest holds its sha256, and never in a
kernel or a server.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ...core.errors import ModelError
from ...core.modules import module_name

FILE, MANIFEST = "module.pkl", "MANIFEST.json"


def pack(module: Any) -> bytes:
    """Return a module, or its class, as bytes. Raises ModelError that names the attribute which cannot travel."""
    import cloudpickle

    with _by_value(_own_sources(module)):
        try:
            data: bytes = cloudpickle.dumps(module)
        except Exception as error:
            raise _stuck(module, error) from None
    return data


def _stuck(module: Any, error: Exception) -> ModelError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
    name = _culprit(module)
    where = f", because of its attribute {name!r}" if name else ""
    return ModelError(
        f"{module_name(module)} cannot be sent to the worker{where}: {first}.",
        "Make such things (files, locks, connections, generators) inside forward instead.",
    )


def _culprit(module: Any) -> str:
    """Return the name of the first attribute, of the module or one inside it, that cannot be pickled; "" when none is."""
    import cloudpickle

    parts = list(module.named_modules()) if not isinstance(module, type) else []
    for path, part in reversed(parts):
        for name, value in vars(part).items():
            if name in ("_parameters", "_buffers", "_modules"):
                continue
            try:
                cloudpickle.dumps(value)
            except Exception:
                return f"{path}.{name}".lstrip(".")
    return ""


def _own_sources(module: Any) -> list[ModuleType]:
    """Return the Python modules that define the user's classes and are installed nowhere: a worker may not find them."""
    classes = {module} if isinstance(module, type) else {type(part) for part in module.modules()}
    named = {cls.__module__ for found in classes for cls in found.__mro__ if cls.__module__ != "__main__"}
    return [source for name in sorted(named) if (source := sys.modules.get(name)) and _is_own(source)]


def _is_own(source: ModuleType) -> bool:
    path = getattr(source, "__file__", None)
    installed = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    if path is None or "site-packages" in Path(path).parts:
        return False
    return not any(Path(path).is_relative_to(folder) for folder in installed if folder)


@contextlib.contextmanager
def _by_value(sources: list[ModuleType]) -> Iterator[None]:
    import cloudpickle

    known = set(cloudpickle.list_registry_pickle_by_value())
    new = [source for source in sources if source.__name__ not in known]
    for source in new:
        cloudpickle.register_pickle_by_value(source)
    try:
        yield
    finally:
        for source in new:
            cloudpickle.unregister_pickle_by_value(source)


def unpack(folder: Path) -> Any:
    """Return the module, or the class, of a folder in our store. Worker only: this runs what the file says.

    Raises ModelError for a folder without a manifest of ours, and for a file whose sha256 is not the manifest's.
    """
    import pickle

    try:
        data = (folder / FILE).read_bytes()
        wanted = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"][FILE]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"{folder} holds no module that fmtools has saved.", "A module file is code: only a run's own is opened."
        ) from None
    if hashlib.sha256(data).hexdigest() != wanted:
        raise ModelError(f"The module in {folder} is damaged: its sha256 has changed.", "Train it again.")
    try:
        return pickle.loads(data)
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise ModelError(
            f"The module cannot be opened in the worker: {type(error).__name__}: {first}.",
            "Define its class, and what it uses, in the notebook or in an installed package.",
        ) from None
