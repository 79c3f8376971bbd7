"""What models answer, drawn by kind: a module `predictions_KIND` for each, chosen by the first row.

Such a module has `fits(row) -> bool`, `text(rows) -> str` for terminals and `html(rows) -> str` for notebooks.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .tables import predictions_html

#: The first whose `fits` says yes draws; rows with a label are drawn here.
KINDS = [
    "texts",
    "gaps",
    "entities",
    "written",
    "similar",
    "module",
    "answers",
]

Rows = list[dict[str, Any]]


def text(rows: Rows) -> str:
    """Return answers as lines of text."""
    view = _view(rows)
    if view is not None:
        return str(view.text(rows))
    return "\n".join(f"{row['label']}  {row['score']:.3f}  {row['text']}" for row in rows)


def html(rows: Rows) -> str:
    """Return answers as HTML."""
    view = _view(rows)
    return str(view.html(rows)) if view is not None else predictions_html(rows)


def _view(rows: Rows) -> Any:
    modules = (import_module(f"{__package__}.predictions_{kind}") for kind in KINDS)
    return next((module for module in modules if rows and module.fits(rows[0])), None)
