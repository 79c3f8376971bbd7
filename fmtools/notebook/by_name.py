"""Showing objects of a class that is named, not imported: loading the extension must stay light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def register(formatter: Any, home: str, name: str, show: Callable[..., Any]) -> None:
    """Let a shell's formatter (one of `shell.display_formatter`) show objects of class `name` of module `home` with `show`."""
    formatter.for_type_by_name(home, name, show)


def unregister(formatter: Any, home: str, name: str) -> None:
    """Show them in the plain way again, whether or not the class was met meanwhile."""
    for known in [key for key in formatter.type_printers if (key.__module__, key.__name__) == (home, name)]:
        formatter.type_printers.pop(known)
    formatter.deferred_printers.pop((home, name), None)
