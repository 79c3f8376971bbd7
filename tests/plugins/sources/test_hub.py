"""Names of the hub: told from files, and a clear sentence where there is no network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import datasets
import pytest

from fmtools.core.errors import DataError
from fmtools.plugins.sources import hub
from fmtools.plugins.sources.hub import HubSource
from fmtools.stages.data import load


def test_names_are_told_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    taken = ["stanfordnlp/imdb", "nyu-mll/glue:sst2", "org/name.v2"]
    left = ["imdb", "data/rows", "./a/b", "/a/b", "a/b/c", "org/", "a b/c", "~/x", "", None, 3]
    assert [HubSource().accepts(name) for name in [*taken, *left]] == [True] * len(taken) + [False] * len(left)


def test_without_a_network_it_says_so_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(hub, "PATIENCE", 2.0)
    began = time.monotonic()
    with pytest.raises(
        DataError, match="There is no file nobody/nothing-here, and the hub cannot be reached"
    ) as caught:
        load("nobody/nothing-here")
    assert "network" in caught.value.cure
    assert time.monotonic() - began < 15


def test_a_loaded_set_becomes_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    part = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    asked: list[Any] = []

    def stands_for_the_hub(name: str, configuration: str | None) -> datasets.DatasetDict:
        asked.append((name, configuration))
        return datasets.DatasetDict({"test": part, "train": part})

    monkeypatch.setattr(hub, "_ask", lambda name: ("mit", True))
    monkeypatch.setattr(datasets, "load_dataset", stands_for_the_hub)
    data = HubSource().load("org/name:en")
    assert asked == [("org/name", "en")]
    assert (data.name, data.licence, data.rows) == ("org-name", "mit", {"train": 2, "test": 2})
