"""Candidates for an option's value: right, fast, and never an exception."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from fmtools.core import registry
from fmtools.core.options import AttachOptions, CompareOptions, RunsOptions, TrainOptions
from fmtools.derive.values import LIMIT, Environment, candidates, options, paths


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "reviews.csv").touch()
    (tmp_path / "dates.csv").touch()
    (tmp_path / ".hidden.csv").touch()
    return tmp_path


def test_choices_and_names() -> None:
    environment = Environment()
    assert candidates(TrainOptions, "schedule", "c", environment) == [
        "cosine",
        "cosine_with_min_lr",
        "constant",
        "constant_with_warmup",
    ]
    assert candidates(TrainOptions, "precision", "", environment) == ["auto", "fp32", "bf16"]
    assert candidates(RunsOptions, "status", "p", environment) == ["paused"]
    assert candidates(TrainOptions, "task", "text-c", environment) == ["text-classification"]
    assert candidates(TrainOptions, "model", "mini", environment) == ["minilm"]
    assert candidates(TrainOptions, "background", "", environment) == []
    assert candidates(TrainOptions, "epochs", "", environment) == []


def test_runs() -> None:
    environment = Environment(runs=lambda: ["lights", "last-week", "01J8"])
    assert candidates(AttachOptions, "run", "la", environment) == ["last", "last-week"]
    assert candidates(CompareOptions, "runs", "", environment) == ["last", "lights", "last-week", "01J8"]


def test_data_are_variables_then_sources_then_files(here: Path) -> None:
    environment = Environment(data=lambda: ["df", "data_frame"], folder=here)
    found = candidates(TrainOptions, "data", "da", environment)
    assert found == ["data_frame", "data/", "dates.csv"]
    assert candidates(TrainOptions, "data", "data/", environment) == ["data/reviews.csv"]
    assert candidates(TrainOptions, "data", str(here) + "/.h", environment) == [str(here) + "/.hidden.csv"]
    assert candidates(TrainOptions, "model", "da", environment) == ["data/"]


def test_many_files_are_cut(tmp_path: Path) -> None:
    for i in range(LIMIT + 50):
        (tmp_path / f"{i}.csv").touch()
    assert len(paths("", tmp_path)) == LIMIT


def test_trouble_gives_nothing(tmp_path: Path) -> None:
    def broken() -> list[str]:
        raise RuntimeError("no store")

    environment = Environment(runs=broken, data=broken, folder=tmp_path / "missing")
    assert candidates(AttachOptions, "run", "", environment) == []
    assert candidates(TrainOptions, "data", "", environment) == []
    assert candidates(TrainOptions, "no such field", "", environment) == []


def test_options_not_used_yet() -> None:
    assert options(TrainOptions, "--wa", set()) == ["--warmup", "--watch", "--watch-every"]
    assert options(TrainOptions, "--wa", {"watch"}) == ["--warmup", "--watch-every"]


def test_a_second_look_takes_less_than_50_ms(here: Path) -> None:
    environment = Environment(folder=here)
    candidates(TrainOptions, "data", "", environment)
    start = time.perf_counter()
    for name in TrainOptions.model_fields:
        candidates(TrainOptions, name, "", environment)
    assert (time.perf_counter() - start) / len(TrainOptions.model_fields) < 0.05


def test_nothing_heavy_is_imported() -> None:
    code = """
import sys
from fmtools.core.options import VERBS
from fmtools.derive.values import Environment, candidates
for cls in VERBS.values():
    for name in cls.model_fields:
        candidates(cls, name, "", Environment())
heavy = ("torch", "transformers", "datasets", "pandas", "pyarrow", "bokeh", "matplotlib")
print([m for m in heavy if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert registry.names("sources")
