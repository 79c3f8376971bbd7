"""The study without trainings: what is asked first, how bad trials are told, a torn journal, a grid, importance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fmtools.core.options import TuneOptions
from fmtools.core.options.space import Dimension, default_space, read_space
from fmtools.core.options.typed import train_line
from fmtools.core.search import Goal, SearchRecord, TrialState, front
from fmtools.derive.parser import parse_line, parse_yaml
from fmtools.runtime.search_study import Study, grid
from fmtools.runtime.search_trials import every

RATE = Dimension(name="learning_rate", low=1e-5, high=1e-3, log=True)
BATCH = Dimension(name="batch_size", choices=[8, 16, 32])


def record(**facts: Any) -> SearchRecord:
    usual: dict[str, Any] = {"space": [RATE, BATCH], "goals": [Goal(name="accuracy")], "seed": 1, "trials": 12}
    defaults = {"learning_rate": 1e-4, "batch_size": 16}
    return SearchRecord(**{"id": "X", "name": "x", "created": 0.0, "defaults": defaults, **usual, **facts})


def test_the_options_as_they_stand_are_tried_first_and_then_others(tmp_path: Path) -> None:
    study = Study(tmp_path / "journal.log", record())
    first, second = study.ask(), study.ask()
    assert first.params == {"learning_rate": 1e-4, "batch_size": 16}
    assert second.params != first.params
    assert 1e-5 <= second.params["learning_rate"] <= 1e-3


def test_a_study_that_goes_on_draws_nothing_twice(tmp_path: Path) -> None:
    facts = record(sampler="random", defaults={})
    study = Study(tmp_path / "journal.log", facts)
    before = [study.ask().params["learning_rate"] for _ in range(3)]
    after = [Study(tmp_path / "journal.log", facts).ask().params["learning_rate"] for _ in range(3)]
    assert len({*before, *after}) == 6


def test_the_median_tells_a_bad_trial_and_spares_a_good_one(tmp_path: Path) -> None:
    study = Study(tmp_path / "journal.log", record())
    for value in (0.6, 0.7, 0.8, 0.9):
        trial = study.ask()
        trial.report(value - 0.2, 1)
        study.tell(trial, "done", [value])
    bad, good = study.ask(), study.ask()
    bad.report(0.3, 1)
    good.report(0.8, 1)
    assert bad.should_prune()
    assert not good.should_prune()


def test_a_torn_journal_is_mended(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    study = Study(journal, record())
    study.tell(study.ask(), "done", [0.5])
    study.ask()
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "tri')
    again = Study(journal, record())
    assert [trial.state.name for trial in again.trials()] == ["COMPLETE", "RUNNING"]
    again.tell(again.open()[0], "failed")  # what is written behind the mended place can be read
    assert [trial.state.name for trial in Study(journal, record()).trials()] == ["COMPLETE", "FAIL"]


def test_importance_finds_what_matters(tmp_path: Path) -> None:
    study = Study(tmp_path / "journal.log", record(sampler="random"))
    assert study.importance() == {}
    for _ in range(12):
        trial = study.ask()
        study.tell(trial, "done", [trial.params["batch_size"] / 32])
    found = study.importance()
    assert found["batch_size"] > 0.9
    assert sum(found.values()) == pytest.approx(1.0)


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    points = grid([RATE, BATCH])
    assert len(points) == 4 * 3
    assert {point["learning_rate"] for point in points} == {1e-5, 4.64e-5, 0.000215, 0.001}
    study = Study(tmp_path / "journal.log", record(sampler="grid"))
    assert [study.ask().params for _ in range(12)] == points
    assert study.waiting() == 0


def test_trials_are_evaluated_often_enough_to_be_judged() -> None:
    def steps(**options: Any) -> int:
        return every(TuneOptions.parse({"data": "x", **options}), 1000, 4)

    assert steps(epochs=1, batch_size=10) == 25
    assert steps(epochs=1, batch_size=10, gradient_accumulation=5) == 5
    assert steps(epochs=1, max_steps=8) == 2
    assert steps(epochs=3) == 0  # each epoch ends with an evaluation


def test_the_space_follows_the_method_and_what_the_user_gave() -> None:
    def names(**options: Any) -> dict[str, Dimension]:
        asked = TuneOptions.parse({"data": "x", **options})
        return {dimension.name: dimension for dimension in default_space(asked)}

    full, lora, head = names(), names(method="lora"), names(method="head")
    assert "lora_rank" in lora
    assert "lora_rank" not in full
    assert "learning_rate" in full
    assert "learning_rate" not in head
    assert "batch_size" not in names(batch_size=8)
    assert "head_learning_rate" not in names(task="text-generation")
    assert "warmup" not in names(task="x") or names()["warmup"].high == 0.3


def test_a_space_reads_the_same_from_a_line_a_cell_and_python() -> None:
    line = parse_line(TuneOptions, "text-classification --data x --space learning_rate=1e-5..1e-3:log batch_size=8|16")
    body = "data: x\nspace:\n  learning_rate: 1e-5..1e-3:log\n  batch_size: [8, 16]\n"
    cell = parse_yaml(TuneOptions, "text-classification", body)
    python = TuneOptions.parse({"data": "x", "space": {"learning_rate": (1e-5, 1e-3), "batch_size": [8, 16]}})
    spaces = [read_space(options.space) for options in (line, cell, python)]
    assert spaces[0] == spaces[1] == spaces[2]
    assert spaces[0][0] == RATE
    assert read_space([dimension.typed for dimension in spaces[0]]) == spaces[0]


def test_nothing_on_the_front_is_beaten() -> None:
    goals = [Goal(name="accuracy"), Goal(name="seconds", lower=True)]
    values = [[0.9, 30.0], [0.8, 10.0], [0.8, 20.0], [0.95, 60.0]]
    trials = [TrialState(number=i, state="done", values=value) for i, value in enumerate(values)]
    assert front(trials, goals) == [3, 0, 1]
    assert front(trials, goals[:1]) == []
    alone = [trial.model_copy(update={"values": trial.values[:1]}) for trial in trials]
    assert front(alone, goals[:1]) == [3]


def test_a_trials_line_is_read_back_as_it_was_meant() -> None:
    from fmtools.core.options import TrainOptions

    values = {"task": "text-classification", "data": "my data.csv", "learning_rate": 3.5e-5, "packing": False}
    names = {"data": "df"}
    read = parse_line(TrainOptions, train_line(values, {}).removeprefix("%fm_train "))
    assert (read.data, read.learning_rate, read.packing) == ("my data.csv", 3.5e-5, False)
    assert "--data df" in train_line(values, names)
