"""Showing objects of a class that is named, not imported: loading the extension must stay light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(formatter: Any, home: str, name: str, show: Callable[..., Any]) -> None:
    """Let a shell's formatter (one of `shell.display_formatter`) show objects of class `name` of module `home` with `show`."""
    formatter.for_type_by_name(home, name, show)


def unregister(formatter: Any, home: str, name: str) -> None:
    """Show them in the plain way again, whether or not the class was met meanwhile."""
    for known in [key for key in formatter.type_printers if (key.__module__, key.__name__) == (home, name)]:
        formatter.type_printers.pop(known)
    formatter.deferred_printers.pop((home, name), None)


@dataclass(frozen=True)
class Widget:
    """How objects of class `name` of module `home` are shown: by `show`, through one of a shell's formatters.

    formatter: its name in `shell.display_formatter`.
    """

    formatter: str
    home: str
    name: str
    show: Callable[..., Any]

    def register(self, shell: InteractiveShell) -> None:
        """Let this shell show them so."""
        register(getattr(shell.display_formatter, self.formatter), self.home, self.name, self.show)

    def unregister(self, shell: InteractiveShell) -> None:
        """Let this shell show them in the plain way again."""
        unregister(getattr(shell.display_formatter, self.formatter), self.home, self.name)
