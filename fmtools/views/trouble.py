"""Trouble on static cards: the steps at which it lies, and the sentences about it."""

from __future__ import annotations

from ..core.wire import Increment, Mark
from .markup import TROUBLE_COLOUR, esc


def troubles(increment: Increment) -> list[Mark]:
    """Return the marks of trouble, oldest first."""
    return [mark for mark in increment.marks if mark.kind.startswith("trouble-")]


def trouble_steps(increment: Increment) -> list[int]:
    """Return the steps at which something was wrong."""
    return sorted({mark.step for mark in troubles(increment)})


def trouble_html(increment: Increment) -> str:
    """Return the sentences about what was wrong; "" when nothing was."""
    line = '<div style="color:{}">▲ {}</div>'
    return "".join(
        line.format(TROUBLE_COLOUR, esc(text)) for text in dict.fromkeys(m.text for m in troubles(increment))
    )
