"""Notebooks as tests: each has a store of its own, and a cell may train for minutes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

STORES = Path(__file__).resolve().parents[1] / "build/notebook-runs"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.timeout(3600))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Start a notebook's kernel, which happens at its first cell, with a store that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        if "FMTOOLS_HOME" not in os.environ:
            patch.setenv("FMTOOLS_HOME", str(STORES / item.path.stem))
        return (yield)
