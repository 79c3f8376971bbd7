"""Trouble is spotted in curves that have it, with the figures in the sentence; healthy runs, however noisy, hear nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.kit.trouble.detectors import Watch
from fmtools.kit.trouble.findings import Finding
from fmtools.kit.trouble.memory import STRETCH, STRETCHES, Creep


def found(losses: Iterable[float], norms: Iterable[float] | None = None, classes: int = 0) -> list[Finding]:
    watch, seen = Watch(classes=classes), []
    for step, loss in enumerate(losses, 1):
        norm = next(iter([*norms][step - 1 : step]), None) if norms is not None else 1.0
        seen += watch.step(step, loss, 1e-3, norm)
    return seen


def healthy(steps: int, start: float, end: float, noise: float, seed: int) -> list[float]:
    """A loss that falls from start to end, with noise in proportion to it and now and then a hard batch."""
    chance = random.Random(seed)
    fall = [end + (start - end) * math.exp(-5 * step / steps) for step in range(steps)]
    hard = [3.0 if chance.random() < 0.02 else 1.0 for _ in range(steps)]
    return [value * h * math.exp(chance.gauss(0, noise)) for value, h in zip(fall, hard, strict=True)]


@settings(max_examples=40, deadline=None)
@given(
    steps=st.integers(60, 600),
    start=st.floats(0.3, 11.0),
    share=st.floats(0.001, 0.9),
    noise=st.floats(0.0, 0.6),
    seed=st.integers(0, 10_000),
)
def test_noise_is_no_trouble(steps: int, start: float, share: float, noise: float, seed: int) -> None:
    losses = healthy(steps, start, start * share, noise, seed)
    watch = Watch(classes=3, validation_rows=200)
    said = [finding for step, loss in enumerate(losses, 1) for finding in watch.step(step, loss, 1e-4, loss)]
    assert said == [], [finding.text for finding in said]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_said_once(value: float) -> None:
    said = found([1.0, 0.5, value, value, value])
    word = "NaN" if value != value else "infinite"
    assert [f.text for f in said] == [f"The loss became {word} at step 3 (it was 0.5 at step 2)."]
    assert [f.step for f in found([1.0, value, 1.0, value])] == [2, 4]  # news again


def test_a_gradient_that_is_no_number_is_said_before_the_loss_is() -> None:
    (said,) = found([1.0, 0.5], norms=[1.0, math.nan])
    assert (said.trouble, said.step) == ("nan", 2)
    assert "gradient became nan at step 2, at a loss of 0.5" in said.text


def test_a_spike_is_said_with_its_figures_and_again_only_when_it_is_another() -> None:
    calm = [0.41 + 0.02 * (step % 3) for step in range(60)]
    (said,) = found([1.5, 1.2, 0.9, *calm, 3.1, 3.2, 3.3, 3.2, 3.1, 2.9])
    assert (said.trouble, said.step) == ("spike", 64)
    assert said.text.startswith("The loss rose from 0.43 to 3.2 at step 64.")
    assert found([1.5, 1.2, *calm, 3.2, *calm]) == []  # one hard batch is no spike
    twice = found([1.5, 1.2, *calm, *[3.2] * 6, *calm, *[3.4] * 6])
    assert [(f.trouble, f.step) for f in twice] == [("spike", 63), ("spike", 129)]


def test_a_rate_that_is_too_high_is_told_by_a_loss_above_its_start() -> None:
    chance = random.Random(3)
    (said, *rest) = found([1.1, *(2.5 + chance.random() for _ in range(60))])
    assert said.trouble == "rate-too-high"
    assert rest == []
    assert "was 1.1 at the start: a learning rate of 0.001 seems too high." in said.text


def test_a_loss_that_jumps_to_and_fro_is_a_rate_that_is_too_high() -> None:
    (said,) = found([1.0] * 5 + [0.2, 1.4] * 40)
    assert said.trouble == "rate-too-high"
    assert "jumps up and down by 1.2" in said.text


def test_no_gradient_is_trouble_only_while_there_is_something_to_learn() -> None:
    (said,) = found([1.1] * 50, norms=[0.5, *[0.0] * 49])
    assert (said.trouble, said.step) == ("dead-gradient", 2)
    assert found([1.1, *[1e-6] * 50], norms=[0.5, *[0.0] * 50]) == []


def test_a_loss_that_stays_at_chance_is_told_from_one_that_falls_slowly() -> None:
    chance = random.Random(1)
    flat = [math.log(3) + chance.gauss(0, 0.02) for _ in range(80)]
    (said,) = found(flat, classes=3)
    assert said.trouble == "flat"
    assert "guessing among 3 classes" in said.text
    assert found(flat, classes=0) == []
    assert found([value - 0.001 * step for step, value in enumerate(flat)], classes=3) == []


def evaluations(watch: Watch, pairs: list[tuple[float, float]], scores: list[float] | None = None) -> list[Finding]:
    """Ten steps of a training loss, then a validation loss, and so on."""
    said: list[Finding] = []
    for number, (training, validation) in enumerate(pairs):
        for step in range(10):
            watch.step(10 * number + step + 1, training, 1e-3, 1.0)
        said += watch.evaluation(10 * number + 10, validation, scores[number] if scores else None)
    return said


TURNED = [(1.0, 0.9), (0.5, 0.52), (0.2, 0.6), (0.08, 0.71), (0.05, 0.9)]


def test_overfitting_is_said_once_with_the_step_of_the_turn() -> None:
    (said,) = evaluations(Watch(validation_rows=1000), TURNED)
    assert (said.trouble, said.step) == ("overfitting", 20)
    assert "validation loss rose from 0.52 to 0.71 while the training loss fell from 0.5 to 0.08" in said.text


def test_what_is_no_overfitting() -> None:
    assert evaluations(Watch(validation_rows=12), [(1.0, 0.9), (0.5, 0.6), (0.2, 0.8), (0.1, 0.9)]) == []  # 12 rows
    assert evaluations(Watch(), TURNED, scores=[0.5, 0.8, 0.84, 0.88, 0.9]) == []  # the metric still gains
    assert evaluations(Watch(), [(1.0, 0.9), (0.9, 0.5), (0.9, 0.6), (0.95, 0.7)]) == []  # both rise: another trouble
    assert evaluations(Watch(), [(1.0, 0.9), (0.5, 0.5), (0.2, 0.52), (0.1, 0.5)]) == []  # it only stays


def test_a_resumed_watch_says_what_one_that_never_stopped_says() -> None:
    losses = [1.5, 1.2, *([0.41, 0.43] * 30), *[3.2] * 10]
    history = [
        {"loss": loss, "step": step, "learning_rate": 1e-3, "grad_norm": 1.0} for step, loss in enumerate(losses, 1)
    ]
    for cut in (10, 40, 64):
        watch = Watch()
        watch.replay(history[:cut])
        later = [f for entry in history[cut:] for f in watch.step(entry["step"], entry["loss"], 1e-3, 1.0)]  # type: ignore[arg-type]
        assert later == found(losses), cut
    watch.replay(history[64:])  # what was said before the resume is not said again
    assert watch.step(73, 3.2, 1e-3, 1.0) == []


def held(gain: int, steps: int, total: int = 10_000, **more: Any) -> list[Finding]:
    creep = Creep(total, 4_000_000_000)
    chance = random.Random(5)
    return [
        f for step in range(1, steps + 1)
        if (f := creep.step(step, 800_000_000 + gain * step + chance.randint(0, 30_000_000)))
    ]  # fmt: skip


def test_memory_that_creeps_is_said_once_with_where_it_ends() -> None:
    (said,) = held(2_000_000, 400)
    assert said.trouble == "memory"
    assert "2.0 MB a step" in said.text
    assert "used up at step 2," in said.text


def test_memory_that_settles_is_no_trouble() -> None:
    assert held(0, 400) == []
    assert held(100_000, 400) == []  # 40 MB over the whole run
    creep = Creep(10_000, 1)
    saturating = [int(8e8 + 1e9 * (1 - math.exp(-step / 40))) for step in range(STRETCH * (STRETCHES + 4))]
    assert [f for step, value in enumerate(saturating, 1) if (f := creep.step(step, value))] == []
