"""Telling a user's torch module from anything else, without importing torch."""

from __future__ import annotations

from typing import Any

#: Where torch defines nn.Module.
_HOME = "torch.nn.modules.module"


def is_module(value: Any) -> bool:
    """Say whether a value is an nn.Module, or a class of such modules."""
    found = value if isinstance(value, type) else type(value)
    return any(cls.__name__ == "Module" and cls.__module__ == _HOME for cls in getattr(found, "__mro__", ()))


def module_name(value: Any) -> str:
    """Return the name of a module's class: what a run calls it."""
    return str((value if isinstance(value, type) else type(value)).__name__)
