from __future__ import annotations

import json
import math

import pytest

from benchmarks.figures import Aim, Figure, in_turns, number, ratios, table, wilson


def test_middle_and_spread() -> None:
    figure = Figure("speed", [1.0, 2.0, 3.0, 4.0, 100.0])
    assert (figure.value, figure.spread, figure.n) == (3.0, (2.0, 4.0), 5)
    assert Figure("few", [3.0, 1.0]).spread == (1.0, 3.0)


@pytest.mark.parametrize(
    ("sign", "value", "met"), [("<=", 1.0, True), ("<=", 1.1, False), (">=", 1.0, True), (">=", math.nan, False)]
)
def test_aims(sign: str, value: float, met: bool) -> None:
    assert Figure("f", [value], aim=Aim(sign, 1.0)).met is met


def test_no_aim_is_neither_met_nor_missed() -> None:
    assert Figure("f", [1.0]).met is None


def test_no_failure_in_few_trials_proves_little() -> None:
    assert wilson(0, 20) == (0.0, pytest.approx(0.161, abs=0.001))
    assert Figure("failed", [0.0] * 20, share=True).spread[1] > 0.15
    assert wilson(53, 100) == (pytest.approx(0.433, abs=0.001), pytest.approx(0.625, abs=0.001))


def test_turns_alternate_and_pairs_stay_together() -> None:
    order: list[str] = []

    def measure(who: str) -> float:
        order.append(who)
        return float(len(order))

    own, peer = in_turns(3, lambda: measure("a"), lambda: measure("b"))
    assert "".join(order) == "abbaab"
    assert (own, peer) == ([1.0, 4.0, 5.0], [2.0, 3.0, 6.0])
    assert ratios(own, peer) == [0.5, 4 / 3, 5 / 6]


def test_the_json_carries_every_value() -> None:
    told = json.loads(json.dumps(Figure("f", [1.0, 3.0], "ms", Aim("<=", 1.0)).to_json()))
    assert (told["values"], told["value"], told["aim"], told["met"]) == ([1.0, 3.0], 2.0, "<= 1", False)


def test_the_table_shows_what_was_missed() -> None:
    lines = table([Figure("fast", [0.5], "s", Aim("<=", 1.0)), Figure("slow", [2.0], "s", Aim("<=", 1.0), note="why")])
    assert "met" in lines.splitlines()[2]
    assert lines.splitlines()[3].endswith("MISSED (why)")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.97123, "0.9712"), (12345.6, "12,346"), (31.416, "31.42"), (math.nan, "nan")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text
