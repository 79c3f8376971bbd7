"""`--from RUN`: the same weights bit for bit, other values where the line says so, and what is not as it was is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.core.errors import OptionError, StoreError
from fmtools.core.options import TrainOptions
from fmtools.derive.parser import parse_line, parse_yaml
from fmtools.runtime import environment, repeat
from fmtools.store.files import write_json
from support import rows, train, weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(tiny: Path, shared_store: Path) -> fmtools.Run:
    """A run of a file that has no split of its own, with options that are not the defaults."""
    data = shared_store.parent / "moods.jsonl"
    data.write_text("\n".join(map(json.dumps, rows(60))))
    return train(tiny, data=str(data), name="first", epochs=1, validation=0.2, seed=5, weight_decay=0.05, inline=True)


def _notices(run: fmtools.Run) -> str:
    return " ".join(run.view.run.record.notices)


def test_a_run_is_repeated_bit_for_bit_though_its_file_has_changed(first: fmtools.Run) -> None:
    source = Path(first.config["data"])
    old = source.read_text()
    source.write_text("\n".join(old.splitlines()[:30]))
    again = fmtools.train(from_="first", inline=True)
    assert weights(again) == weights(first)
    assert again.metrics == first.metrics
    assert {k: v for k, v in again.config.items() if k not in ("name", "from_")} == {
        k: v for k, v in first.config.items() if k not in ("name", "from_")
    }
    assert f"Repeats first ({first.id})." in _notices(again)
    assert "has changed since: the rows that the run had kept are used" in _notices(again)
    source.write_text(old)
    third = fmtools.train(from_=again.id, inline=True)
    assert weights(third) == weights(first)
    assert "bit for bit" in _notices(third)


def test_what_the_line_says_wins_over_the_same_rows(first: fmtools.Run) -> None:
    other = fmtools.train(from_="first", seed=6, learning_rate=5e-4, name="other", inline=True)
    assert (other.name, other.config["seed"], other.config["weight_decay"]) == ("other", 6, 0.05)
    assert "--learning-rate 0.0005 instead of 0.001, --seed 6 instead of 5" in _notices(other)
    assert other.view.run.record.dataset == first.view.run.record.dataset
    assert weights(other) != weights(first)
    fresh = fmtools.train(from_="first", data=rows(40, 9), inline=True)
    assert fresh.head.rows != first.head.rows
    assert fresh.config["weight_decay"] == 0.05


def test_what_is_not_as_it_was_is_said(first: fmtools.Run, shared_store: Path) -> None:
    record = first.view.run.record.model_copy(deep=True)
    now = environment.seen(record.model_folder, record.data)
    assert now["machine"]["cores"] >= 1
    assert len(now["source"]["sha256"]) == 64
    plain = repeat.Repeat(record, True, {})
    assert "bit for bit" in " ".join(plain.said(record.versions, now))
    record.versions["torch"] = "1.0"
    record.environment["machine"]["processor"] = "Z80"
    record.environment["model"] = "0" * 16
    said = " ".join(plain.said(first.view.run.record.versions, now))
    assert "Other versions than then: torch 1.0 -> " in said
    assert "Another machine than then: processor Z80 -> " in said
    assert "its files differ" in said
    assert "bit for bit" not in said


def test_mistakes_are_sentences(first: fmtools.Run, shared_store: Path) -> None:
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"task": "ner"}, "first learned text-classification, and the line says token-classification"),
        ({"validation": 0.3}, "--validation is about reading data, and --from takes the rows of first as they are"),
    ]
    for given, said in mistakes:
        with pytest.raises(OptionError, match=said):
            fmtools.train(from_="first", inline=True, **given)
    with pytest.raises(StoreError, match="Did you mean first"):
        fmtools.train(from_="frist")
    with pytest.raises(OptionError, match="train needs data"):
        TrainOptions.parse({"task": "text-classification"})
    with pytest.raises(OptionError, match="train needs data"):
        parse_yaml(TrainOptions, "", "epochs: 3")


def test_rows_that_are_gone_are_said(first: fmtools.Run, shared_store: Path) -> None:
    facts = first.view.run.record
    facts.dataset = "moods@0123456789abcdef"
    with pytest.raises(StoreError, match="The rows of run first cannot be used again") as caught:
        repeat.Repeat(facts, True, {}).rows()
    assert caught.value.cure == "Give --data as well."


def test_line_cell_and_python_mean_the_same(first: fmtools.Run) -> None:
    line = parse_line(TrainOptions, "--from first --seed 6")
    cell = parse_yaml(TrainOptions, "", "from: first\nseed: 6")
    assert line == cell == TrainOptions.parse({"from_": "first", "seed": 6})
    filled, again = repeat.fill(line)
    assert again is not None
    assert again.kept
    assert (filled.seed, filled.epochs, filled.task) == (6, 1, "text-classification")


def test_the_code_around_a_run_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    monkeypatch.chdir(tmp_path)
    assert environment.git() == {}
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    (tmp_path / "a.py").write_text("1")
    for words in (["init", "-q"], ["add", "a.py"], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *words], check=True, cwd=tmp_path)
    assert environment.git()["dirty"] is False
    (tmp_path / "a.py").write_text("2")
    seen = environment.git()
    assert seen["dirty"] is True
    assert len(seen["commit"]) == 40
    folder = tmp_path / "data"
    folder.mkdir()
    write_json(folder / "a.json", [1])
    before = environment.source(str(folder))["sha256"]
    write_json(folder / "b.json", [2])
    assert environment.source(str(folder))["sha256"] != before
    assert environment.source("intents") == {}
