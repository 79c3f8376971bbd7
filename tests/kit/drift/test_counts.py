"""Drift: the same traffic raises no alarm, other traffic does; both measured over many seeds."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from fmtools.kit.drift import counts as drift
from fmtools.serving.reading import tally
from fmtools.serving.reading.tally import Tally

#: Looks that are simulated, with drift judged in five kinds each.
LOOKS = 400
COMMON = "the a of and to in is it for on with as this that was".split()
TOPICS = {"shop": "order parcel refund price invoice late broken return shop card".split(),
          "health": "doctor fever pain clinic tablet nurse cough sleep blood heart".split()}  # fmt: skip


def counted(chance: random.Random, rows: int, topic: str = "shop", words: int = 9, spam: float = 0.2) -> dict[str, Any]:
    """Count texts of a topic, of Poisson-like lengths, with answers that are as sure as a trained model's."""
    found = Tally()
    for _ in range(rows):
        size = max(1, round(chance.gauss(words, words / 3)))
        text = " ".join(chance.choice(TOPICS[topic] if chance.random() < 0.5 else COMMON) for _ in range(size))
        label = "spam" if chance.random() < spam else "ham"
        found.add({"text": text}, {"label": label, "score": 1 - 0.5 * chance.random() ** 4})
    return found.to_json()


def drawn(chance: np.random.Generator, whole: dict[str, Any], rows: int) -> dict[str, Any]:
    """Draw counts of so many texts from those of many."""
    kinds = {kind: whole[kind] for kind in tally.KINDS if kind in whole}
    found: dict[str, Any] = {"bins": whole["bins"], "rows": rows}
    for kind, counts in kinds.items():
        shares = np.array(list(counts.values())) / sum(counts.values())
        found[kind] = {name: int(n) for name, n in zip(counts, chance.multinomial(rows, shares), strict=True) if n}
    return found


def alarms(found: list[dict[str, object]]) -> set[object]:
    return {one["kind"] for one in found if one["drifted"]}


@pytest.mark.parametrize("rows", [120, 1000])
def test_traffic_like_the_reference_raises_no_alarm(rows: int) -> None:
    """Every look draws both sides anew: reference rows are few, and their chance counts too."""
    whole, chance = counted(random.Random(1), 4000), np.random.default_rng(rows)
    false = sum(
        bool(alarms(drift.compare(drawn(chance, whole, 256), drawn(chance, whole, rows)))) for _ in range(LOOKS)
    )
    assert false <= 0.01 * LOOKS, f"{false} of {LOOKS} looks raised an alarm"


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"spam": 0.55}, "label"), ({"words": 30}, "length"), ({"topic": "health"}, "words")],
)
def test_other_traffic_raises_the_alarm_of_its_kind(change: dict[str, object], kind: str) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        found = drift.compare(counted(chance, 256), counted(chance, 300, **change))  # type: ignore[arg-type]
        assert kind in alarms(found), seed


def test_another_script_raises_an_alarm_and_names_it() -> None:
    chance = random.Random(1)
    now = Tally()
    for _ in range(200):
        now.add({"text": "我的包裹什么时候到"}, {"label": "ham", "score": 0.9})
    found = {one["kind"]: one for one in drift.compare(counted(chance, 256), now.to_json())}
    assert found["script"]["drifted"]
    assert found["script"]["moved"] in (("han", 0.0, 1.0), ("latin", 1.0, 0.0))


def test_few_texts_are_not_judged_however_different() -> None:
    chance = random.Random(3)
    found = drift.compare(counted(chance, 256), counted(chance, 99, topic="health", words=40, spam=1.0))
    assert found[0]["psi"] > 1
    assert not alarms(found)


def test_the_index_is_that_of_the_books() -> None:
    """0.5 / 0.5 against 0.7 / 0.3: (0.2) ln 1.4 + (-0.2) ln 0.6."""
    assert drift.psi(np.array([[50000.0, 50000.0], [70000.0, 30000.0]])) == pytest.approx(0.16946, abs=1e-4)


def test_counts_of_other_bins_are_not_compared() -> None:
    chance = random.Random(3)
    old = {**counted(chance, 200), "bins": 0}
    assert drift.compare(old, counted(chance, 200)) == []


def test_no_text_can_be_had_from_a_tally() -> None:
    found = Tally()
    found.add({"text": "Please call Anna Schmidt at 030 1234567"}, {"label": "call", "score": 0.7})
    assert found.to_json() == {
        "bins": tally.BINS, "rows": 1, "label": {"call": 1}, "score": {"8": 1}, "length": {"7": 1}, "script": {"latin": 1},
        "words": {str(tally.word_bin("Please call Anna Schmidt at")): 1},
    }  # fmt: skip
