"""--find-lr tries rates with the real Trainer in a worker, for every kind of task, and leaves no run behind."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.core.errors import FmError
from support import rows, train

pytestmark = pytest.mark.slow


def test_the_suggestion_trains_and_nothing_else_is_left(tiny: Path, shared_store: Path) -> None:
    asked: dict[str, Any] = {"data": rows(96), "batch_size": 8, "precision": "fp32"}
    found = fmtools.find_learning_rate(model=str(tiny), **asked)
    assert found.suggestion is not None
    assert 1e-4 < found.suggestion < 1e-2
    assert len(found.rates) == len(found.losses) > 40
    assert found.rates == sorted(found.rates)
    assert list(found.options) == ["--learning-rate", "--head-learning-rate"]
    assert found.options["--head-learning-rate"] == pytest.approx(100 * found.suggestion, rel=0.1)
    assert found.png.startswith(b"\x89PNG")
    assert "--head-learning-rate went along at 100 times the rate" in found.text()
    assert "data:image/png;base64," in found.html()
    assert fmtools.runs().rows == []
    assert not any((shared_store / "rate-tests").iterdir())
    head = found.options["--head-learning-rate"]
    usual = {"epochs": 3, "inline": True}
    good = train(tiny, learning_rate=found.suggestion, head_learning_rate=head, **usual)
    slow = train(tiny, learning_rate=found.suggestion / 100, head_learning_rate=head / 100, **usual)
    assert good.metrics["loss"] < slow.metrics["loss"]


PEOPLE, PLACES = ["Ada", "Bob", "Eve", "Max", "Ida", "Tom"], ["Rome", "Oslo", "Bonn", "Kyiv", "Lima", "Bern"]
TAGGED = [
    {"tokens": [one, "went", "to", place, "with", other], "tags": ["B-PER", "O", "O", "B-LOC", "O", "B-PER"]}
    for one, other in itertools.pairwise(PEOPLE)
    for place in PLACES
]


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("token-classification", {"data": TAGGED}),
        ("text-generation", {"data": [{"text": row["text"]} for row in rows(60)], "model": "gpt2", "width": 16, "layers": 1,
                             "heads": 2, "from_scratch": True, "max_length": 32, "tokenizer": "characters"}),
    ],
)  # fmt: skip
def test_other_tasks_are_tested_the_same_way(
    task: str, options: dict[str, Any], tiny: Path, shared_store: Path
) -> None:
    found = fmtools.find_learning_rate(task, **{"model": str(tiny), "batch_size": 8, "precision": "fp32", **options})
    assert len(found.losses) > 30
    assert found.suggestion is not None, found.losses


def test_the_command_line_prints_it_as_json(tiny: Path, shared_store: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows(60)))
    line = ["train", "--model", str(tiny), "--data", str(data), "--find-lr", "--max-steps", "50", "--json"]
    done = subprocess.run([sys.executable, "-m", "fmtools", *line], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert {"suggestion", "rates", "losses"} <= set(answer)
    assert 30 < len(answer["rates"]) == len(answer["losses"]) < 50


def test_a_mistake_is_the_one_that_a_training_would_say(tiny: Path, shared_store: Path) -> None:
    with pytest.raises(FmError, match="no column"):
        fmtools.find_learning_rate(model=str(tiny), data=rows(30), text_column="nothing")
    assert not (shared_store / "rate-tests").exists() or not any((shared_store / "rate-tests").iterdir())
