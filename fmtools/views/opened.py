"""What a folder of the store is seen through: a run's view or a search's, and how it becomes a cell's output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..store.runs import RunFolder
from ..store.searches import SearchFolder, is_search
from . import card, search
from .follow import RunView


def opened(folder: Path) -> tuple[Any, Callable[[Any, bytes | None], dict[str, Any]]]:
    """Return (view, function of view and an earlier picture that gives the output by MIME type)."""
    if is_search(folder):
        return search.SearchView(SearchFolder(folder)), search.mime_bundle
    return RunView(RunFolder(folder)), card.mime_bundle
