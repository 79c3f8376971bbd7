"""Widgets whose clicks act while a cell runs."""

from __future__ import annotations

from typing import Any, TypeVar

WidgetT = TypeVar("WidgetT")


def live(widget: WidgetT) -> WidgetT:
    """Let a widget's messages be handled beside a running cell, and return it.

    ipykernel 7.4 answers a comm on the shell that published last on it: for a widget made in a cell that is the one that
    is busy. Others (7.2, 7.3) already do what this asks for, on the shell that the page chose.
    """
    comm: Any = getattr(widget, "comm", None)
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
    return widget
