"""Choices: the same result first, each with its own figures, and the least that would do."""

from __future__ import annotations

from itertools import islice

import pytest

from cost_facts import facts, options
from fmtools.kit.cost.advice import Forecast, advice
from fmtools.kit.cost.choices import cheaper_memory, cheaper_time, fastest, first_that
from fmtools.kit.cost.model import estimate


def test_smaller_batches_come_first_and_a_step_sees_as_many_rows() -> None:
    for choice in islice(cheaper_memory(facts(), options(gradient_accumulation=2)), 4):
        assert choice.values["batch_size"] * choice.values["gradient_accumulation"] == 32


def test_recomputing_is_offered_only_where_the_model_can() -> None:
    def typed(can: bool) -> str:
        return " ".join(choice.typed for choice in cheaper_memory(facts(can_checkpoint=can, layers=6), options()))

    assert "--gradient-checkpointing" in typed(True)
    assert "--gradient-checkpointing" not in typed(False)


@pytest.mark.parametrize("share", [0.8, 0.55, 0.3, 0.1])
def test_the_time_is_kept_with_as_many_steps_as_fit(share: float) -> None:
    known, asked = facts(load=[0.1, 0.1]), options(epochs=4.0)
    limit = share * estimate(known, asked).seconds
    choice, _ = first_that(cheaper_time(known, asked, limit), lambda found: found.seconds <= limit)
    assert choice is not None
    assert 0.6 * limit < choice.estimate.seconds <= limit


def test_nothing_fits_in_no_time_and_the_least_is_known() -> None:
    choice, seen = first_that(cheaper_time(facts(), options(), 1e-6), lambda found: found.seconds <= 1e-6)
    assert choice is None
    assert min(each.estimate.seconds for each in seen) < 0.1 * estimate(facts(), options()).seconds


def test_the_fastest_size_is_the_smallest_within_the_noise() -> None:
    assert fastest({8: 50.0, 16: 99.0, 32: 100.0, 64: 98.5}) == 16
    assert fastest({1: 10.0, 2: 30.0}) == 2


def test_advice_names_what_fits_with_its_figure() -> None:
    known = facts(activations=[0.0, 1e6, 0.0], can_checkpoint=True, layers=6, parameters=100, trainable=100)
    found = Forecast(estimate(known, options()), known, options(), 2_000_000_000, 10**12)
    said = advice(found)
    assert not found.fits
    assert said[0].startswith("It needs 2.9 GB of memory and 2.0 GB are free.")
    assert said[1].startswith("--batch-size 8 --gradient-accumulation 2: 1.8 GB")
    assert advice(Forecast(found.estimate, known, options(), 10**10, 10**12)) == []
