"""The model of cost: exact where the cost is known, and it follows the batches that a Trainer would really make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cost_facts import facts, options
from fmtools.kit.cost.model import estimate, fit, shapes
from fmtools.kit.training.batches import LengthGroups


def test_the_coefficients_of_a_known_cost_are_found() -> None:
    features = np.array([[1, n * 16, n * n * 16] for n in (8, 30, 60, 90, 128)], float)
    assert fit(features, features @ [0.02, 3e-5, 2e-7]) == pytest.approx([0.02, 3e-5, 2e-7], rel=1e-6)


def test_no_coefficient_is_negative() -> None:
    features = np.array([[1, n] for n in (10, 20, 30, 40)], float)
    assert min(fit(features, np.array([4.0, 3.0, 2.0, 1.0]))) >= 0


def test_batches_are_as_long_as_those_of_the_trainer() -> None:
    lengths = facts().lengths
    order = list(LengthGroups(lengths, 16, 42, lambda: 0))
    real = sum(len(b) * max(lengths[i] for i in b) for b in (order[i : i + 16] for i in range(0, len(order), 16)))
    made = shapes(np.array(lengths), 16, "grouped", 42)
    assert float((made.rows * made.longest).sum()) == real


def test_the_time_is_that_of_all_batches_and_steps() -> None:
    known = facts()
    made = shapes(np.array(known.lengths), 16, "grouped", options().seed).features([1.0, 1.0]).sum(0)
    found = estimate(known, options())
    assert found.steps == 126
    assert found.parts["training"] == pytest.approx(2 * made @ [0.01, 1e-5, 1e-6] + 126 * 0.02)


def test_a_run_of_less_than_an_epoch_pays_for_the_batches_it_sees() -> None:
    known = facts()
    seen = shapes(np.array(known.lengths), 16, "grouped", options().seed).features([1.0, 1.0])[:5]
    found = estimate(known, options(max_steps=5))
    assert found.parts["training"] == pytest.approx(seen.sum(0) @ [0.01, 1e-5, 1e-6] + 5 * 0.02)
    assert found.peak_bytes <= estimate(known, options()).peak_bytes
    later = estimate(known, options(max_steps=5), done=3)
    assert later.parts["training"] == pytest.approx(seen[3:].sum(0) @ [0.01, 1e-5, 1e-6] + 2 * 0.02)


def test_accumulated_batches_take_fewer_steps_and_no_more_memory() -> None:
    one, four = estimate(facts(), options()), estimate(facts(), options(gradient_accumulation=4))
    assert (four.steps, four.peak_bytes) == (32, one.peak_bytes)
    assert four.parts["training"] < one.parts["training"]


def test_smaller_batches_and_shorter_texts_take_less_memory() -> None:
    def above(**values: Any) -> float:
        """What a step takes above the loaded model, where the heap is kept without holes."""
        return estimate(facts(), options(fit="9GB", **values)).peak_bytes - 600_000_000

    assert above(batch_size=8) == pytest.approx(above() / 2, rel=0.01)
    assert above(max_length=64) < above() / 2


def test_what_is_still_to_come_gets_less() -> None:
    known = facts(load=[5.0, 5.0])
    whole, half = estimate(known, options()), estimate(known, options(), done=63)
    assert half.parts["training"] == pytest.approx(whole.parts["training"] / 2, rel=0.01)
    assert half.parts["loading"] == 0.0


def test_blocks_of_text_become_more_when_they_get_shorter() -> None:
    known = facts(lengths=[128] * 100, blocks=True)
    assert estimate(known, options(max_length=64)).steps == pytest.approx(2 * estimate(known, options()).steps, abs=2)


def test_the_disk_holds_three_checkpoints_for_a_moment() -> None:
    known = facts(checkpoint_bytes=100, model_bytes=30)
    log = 126 * 320
    assert estimate(known, options(epochs=2.0)).disk_bytes == log + 230
    assert estimate(known, options(epochs=9.0, batch_size=16)).disk_bytes == 9 * 63 * 320 + 300


def test_a_shape_that_was_there_before_takes_less() -> None:
    known = facts(lengths=[20] * 160, again=[0.5, 0.5])
    new = estimate(facts(lengths=[20] * 160), options(epochs=1)).parts["training"] - 10 * 0.02
    found = estimate(known, options(epochs=1)).parts["training"] - 10 * 0.02
    assert found == pytest.approx(new * (1 + 9 * 0.5) / 10)
    twice = estimate(known, options(epochs=2)).parts["training"] - 20 * 0.02
    assert twice == pytest.approx(new * (1 + 19 * 0.5) / 10)
    later = estimate(known, options(epochs=2), done=10).parts["training"] - 10 * 0.02
    assert later == pytest.approx(new * 0.5)
    many = list(range(1, 16 * 200, 1))
    assert estimate(facts(lengths=many, longest=4000, again=[0.5, 0.5]), options(max_length=4000)).parts[
        "training"
    ] == pytest.approx(estimate(facts(lengths=many, longest=4000), options(max_length=4000)).parts["training"])


def test_rows_of_two_texts_are_not_cut_to_the_length_of_one() -> None:
    pairs = facts(lengths=[200] * 160, longest=128)
    alone = facts(lengths=[100] * 160, longest=128)
    assert estimate(pairs, options(max_length=128)).seconds > estimate(alone, options(max_length=128)).seconds
    shorter = estimate(pairs, options(max_length=64)).parts["training"]
    assert shorter == pytest.approx(estimate(alone, options(max_length=128)).parts["training"])


def test_where_the_order_is_not_known_a_few_batches_are_like_the_mean_of_all() -> None:
    lengths = [10] * 160 + [100] * 160
    known = facts(lengths=lengths, ordered=False)
    whole, part = (estimate(known, options(max_steps=steps)).parts["training"] for steps in (20, 10))
    assert part == pytest.approx(whole / 2)
    assert estimate(known, options(max_steps=20)).peak_bytes >= estimate(known, options(max_steps=1)).peak_bytes
