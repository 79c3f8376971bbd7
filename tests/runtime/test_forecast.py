"""A forecast from a real worker against the run it is of; settings that are chosen by it; no run is left behind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import fmtools
import support
from fmtools.api.forecast import Forecast
from fmtools.core.errors import OptionError
from fmtools.core.options import TrainOptions
from fmtools.runtime import forecast, settle
from fmtools.store.runs import run_ids

USUAL: dict[str, Any] = {"batch_size": 8, "epochs": 2, "precision": "fp32", "watch_every": 0}


@pytest.fixture(scope="module")
def asked(shared_store: Path, tiny: Path) -> dict[str, Any]:
    """Options of a run of which the worker knows the cost after the first question."""
    del shared_store
    return {**USUAL, "model": str(tiny), "data": support.rows(96), "name": "foretold"}


def options(asked: dict[str, Any], **others: Any) -> TrainOptions:
    made: TrainOptions = TrainOptions.parse({**asked, **others})
    return made


def test_the_forecast_meets_the_run(asked: dict[str, Any], shared_store: Path) -> None:
    """Memory and disk are within 15 %; the time of a second is too short to be measured beside other tests."""
    said = fmtools.forecast(**asked)
    assert run_ids(shared_store) == []
    assert not list((shared_store / "forecasts").iterdir())
    run = fmtools.train(**asked)
    foretold = run.head.forecast
    assert foretold is not None
    assert said.steps == run.head.total_steps
    assert said.fits
    assert sum(f.stat().st_size for f in run.path.rglob("*") if f.is_file()) == pytest.approx(said.disk_bytes, rel=0.15)
    assert foretold.peak_bytes == pytest.approx(said.peak_bytes, rel=0.15)


def test_a_second_question_is_answered_at_once(asked: dict[str, Any]) -> None:
    first = fmtools.forecast(**asked)
    began = time.perf_counter()
    longer = fmtools.forecast(**{**asked, "batch_size": 16, "epochs": 40, "max_length": 12, "gradient_accumulation": 2})
    assert time.perf_counter() - began < 2  # without a worker; benchmarks/forecast measures it
    assert longer.steps == 120
    assert longer.parts["training"] > 2 * first.parts["training"]


def test_other_rows_are_measured_anew(asked: dict[str, Any]) -> None:
    assert fmtools.forecast(**{**asked, "data": support.rows(192)}).steps > fmtools.forecast(**asked).steps


def test_a_time_limit_shortens_the_run_and_says_so(asked: dict[str, Any]) -> None:
    whole = forecast.forecast(options(asked, epochs=40)).estimate.seconds
    chosen, said = settle.settle(options(asked, epochs=40, time=f"{whole / 2:.2f}s"))
    assert chosen.epochs < 40
    assert forecast.forecast(chosen).estimate.seconds <= whole / 2
    assert said[0].startswith("To fit in ")
    assert f"--epochs {chosen.epochs:g}" in said[0]
    dry = fmtools.train(
        **{**asked, "epochs": 40, "time": f"{whole / 2:.2f}s", "dry_run": True}
    )  # the same choice, and no run
    assert isinstance(dry, Forecast)
    assert dry.seconds <= whole / 2
    assert dry.notices[0] == said[0]


def test_a_limit_that_is_wide_changes_nothing(asked: dict[str, Any]) -> None:
    chosen, said = settle.settle(options(asked, time="10h", fit="100GB"))
    assert (chosen.batch_size, chosen.epochs, chosen.gradient_accumulation) == (8, 2, 1)
    assert len(said) == 2


def test_nothing_fits_in_ten_megabytes(asked: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"does not fit in 10MB.*no less than \d+ MB with --batch-size"):
        settle.settle(options(asked, fit="10MB"))


def test_the_fastest_batch_size_is_measured(asked: dict[str, Any]) -> None:
    chosen, said = settle.settle(options(asked, auto_batch=True))
    speeds = forecast.forecast(options(asked)).facts.speeds
    assert speeds[chosen.batch_size] >= 0.98 * max(speeds.values())
    assert "is the fastest here" in said[0]


def test_recomputing_gives_the_same_weights(asked: dict[str, Any]) -> None:
    plain = {**asked, "data": support.rows(48), "epochs": 1, "dropout": 0.0}
    one, other = fmtools.train(**plain), fmtools.train(**plain, gradient_checkpointing=True)
    assert [r["loss"] for r in support.steps_of(one)] == pytest.approx(
        [r["loss"] for r in support.steps_of(other)], rel=1e-4
    )


def test_the_command_line_prints_the_forecast(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import csv
    import json

    from fmtools.cli import main

    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerows(support.rows(48))
    assert main(["train", "--data", str(path), "--model", asked["model"], "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["seconds"] > 0
    assert answer["peak_bytes"] > 1e8
    assert answer["fits"] is True
