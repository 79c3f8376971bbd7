"""Drift of vectors: texts alike raise no alarm, texts about something else do; a count says four bits of a vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fmtools.kit.drift import counts as drift
from fmtools.serving.reading import meaning
from fmtools.serving.reading.tally import Tally

#: Looks that are simulated; width of vectors; rows of the reference.
LOOKS, WIDTH, REFERENCE = 300, 384, 256


def vectors(chance: np.random.Generator, rows: int, topics: tuple[float, ...] = (0.5, 0.3, 0.2)) -> np.ndarray:
    """Draw vectors [rows, WIDTH] of unit length, as a sentence model's: most of each is common to all, the rest is its topic's
    and its own (cosines of 0.8 between topics, 0.9 within)."""
    fixed = np.random.default_rng(0)
    common, centres = fixed.normal(size=WIDTH), fixed.normal(size=(len(topics), WIDTH))
    which = chance.choice(len(topics), rows, p=topics)
    found = 2.8 * common + centres[which] + 0.95 * chance.normal(size=(rows, WIDTH))
    unit: np.ndarray = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def counted(found: np.ndarray, middle: list[float]) -> dict[str, Any]:
    parts = meaning.projected(found) > np.asarray(middle)
    numbers = (parts * 2 ** np.arange(meaning.PLANES)).sum(1)
    names, counts = np.unique(numbers, return_counts=True)
    return {
        "bins": 1,
        "rows": len(found),
        "meaning": {str(n): int(c) for n, c in zip(names, counts, strict=True)},
    }


def alarm(chance: np.random.Generator, rows: int, **change: Any) -> bool:
    """Say whether a look at `rows` texts raises an alarm; the reference, and with it the planes' middle, is drawn anew."""
    before = vectors(chance, REFERENCE)
    middle = meaning.centre(before)
    (found,) = drift.compare(counted(before, middle), counted(vectors(chance, rows, **change), middle))
    assert found["kind"] == "meaning"
    return bool(found["drifted"])


def test_the_vectors_are_like_a_model_s() -> None:
    found = vectors(np.random.default_rng(1), 400)
    cosines = found @ found.T
    assert 0.75 < float(np.median(cosines)) < 0.95


@pytest.mark.parametrize("rows", [120, 1000])
def test_texts_like_the_reference_raise_no_alarm(rows: int) -> None:
    chance = np.random.default_rng(rows)
    false = sum(alarm(chance, rows) for _ in range(LOOKS))
    assert false <= 0.01 * LOOKS, f"{false} of {LOOKS} looks raised an alarm"


def test_other_topics_raise_one() -> None:
    chance = np.random.default_rng(5)
    assert all(alarm(chance, 300, topics=(0.1, 0.1, 0.8)) for _ in range(20))
    assert all(alarm(chance, 300, topics=(0.0, 0.0, 0.0, 1.0)) for _ in range(20))


def test_every_plane_halves_the_reference_whatever_the_vectors_have_in_common() -> None:
    found = vectors(np.random.default_rng(3), 400)
    sides = meaning.projected(found) > np.asarray(meaning.centre(found))
    assert np.abs(sides.mean(0) - 0.5).max() < 0.01
    assert [meaning.part(row, meaning.centre(found)) for row in found[:50]] == list(
        (sides[:50] * 2 ** np.arange(meaning.PLANES)).sum(1)
    )


def test_the_planes_are_the_same_everywhere() -> None:
    assert np.sign(meaning.directions(8)).astype(int).tolist()[:2] == [
        [1, -1, 1, -1, -1, -1, -1, 1],
        [-1, 1, 1, 1, -1, -1, -1, 1],
    ]


def test_a_tally_counts_the_part_alone_and_only_where_a_middle_is_known() -> None:
    vector = vectors(np.random.default_rng(4), 1)[0]
    for middle, counts in ((), {}), ((0.0,) * 4, {str(meaning.part(vector, (0.0,) * 4)): 1}):
        found = Tally(middle)
        found.add({"text": "a"}, {"embedding": vector})
        assert found.to_json().get("meaning", {}) == counts
        assert "embedding" not in str(found.to_json())


@pytest.mark.parametrize(
    "card", [None, {}, {"centre": "no"}, {"centre": [1.0]}, {"centre": [1, 2, 3, "4"]}, [1, 2, 3, 4]]
)
def test_a_card_without_a_middle_is_no_fault(card: object) -> None:
    assert meaning.middle_of(card) == ()
