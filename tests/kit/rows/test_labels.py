"""Label checks: typos are found, near-twins pass, sets too small are refused with a reason."""

from __future__ import annotations

import random
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.core.errors import DataError
from fmtools.kit.rows.labels import check_labels, distance, label_text, natural
from fmtools.plugins.sources.intents import IntentsSource

Counts = dict[str, int]


def rows(counts: Counts) -> list[str]:
    return [label for label, count in counts.items() for _ in range(count)]


def refusal(values: list[str]) -> str:
    try:
        check_labels(values)
    except DataError as error:
        return error.cause
    return ""


def typo(word: str, draw: random.Random) -> str:
    place, kind, letter = draw.randrange(1, len(word)), draw.randrange(4), draw.choice(string.ascii_lowercase)
    swapped = word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    return [
        swapped,
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
    ][kind]


@pytest.mark.parametrize(
    ("labels", "recall"),
    [
        (["positive", "negative", "neutral"], 0.9),
        (["great", "other"], 0.85),
        (["sadness", "anger", "surprise"], 0.85),
        (["entailment", "contradiction", "neutral"], 0.9),
    ],
)
def test_recall_of_the_typo_generator(labels: list[str], recall: float) -> None:
    draw = random.Random(0)
    found = tried = 0
    for _ in range(300):
        right = draw.choice(labels)
        wrong = typo(right, draw)
        if wrong in labels:
            continue
        tried += 1
        cause = refusal(rows({**dict.fromkeys(labels, 200), wrong: draw.randint(1, 3)}))
        found += bool(cause)
        assert not cause or (repr(wrong) in cause and repr(right) in cause)
    assert found / tried >= recall, f"{found} of {tried}"


@pytest.mark.parametrize(
    "variant", [" positive", "positive ", "Positive", "POSITIVE", "positive\u200b", "ｐositive", "\u00a0positive"]
)
def test_variants_are_always_found(variant: str) -> None:
    with pytest.raises(DataError, match="differ only in case, spaces") as caught:
        check_labels(rows({"positive": 50, "negative": 50, variant: 40}))
    assert repr(variant) in caught.value.cause
    assert "(50 rows)" in caught.value.cause
    assert "--labels-as-they-are" in caught.value.cure


def test_variants_can_be_kept() -> None:
    labels, _, _ = check_labels(rows({"US": 50, "us": 50}), as_they_are=True)
    assert labels == ["US", "us"]


@pytest.mark.parametrize("name", ["intents", "intents-zh"])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.02])
def test_no_false_alarm_on_intents(name: str, share: float) -> None:
    data = IntentsSource().load(name)
    labels = [label for table in data.splits.values() for label in table["intent"].to_pylist()]
    draw = random.Random(1)
    for _ in range(20):
        check_labels([label for label in labels if draw.random() < share])


@pytest.mark.parametrize(
    "twins",
    [
        ("HassLightSet", "HassLightGet"), ("great", "other"), ("1", "2"), ("B-PER", "I-PER"),
        ("class_1", "class_2"), ("related", "unrelated"), ("unrelated", "related"), ("true", "untrue"),
        ("true", "false"), ("male", "female"), ("legal", "illegal"), ("possible", "impossible"),
        ("moral", "amoral"), ("increase", "decrease"), ("import", "export"), ("inbound", "outbound"),
        ("turn_on", "turn_off"), ("open_door", "open_doors"), ("v1.0", "v1.1"), ("spam", "ham"),
        ("Iran", "Iraq"), ("正面", "负面"), ("sports", "sport"), ("husband", "husbands"),
        ("playlist_add", "playlist_end"), ("en", "es"), ("typical", "atypical"), ("internal", "external"),
        ("set_alarm", "get_alarm"), ("pre-2000", "post-2000"),
    ],
)  # fmt: skip
def test_near_twins_pass(twins: tuple[str, str]) -> None:
    labels, dropped, _ = check_labels(rows({twins[0]: 900, twins[1]: 3}))
    assert set(labels) == set(twins)
    assert dropped == {}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "Only 0 rows"),
        ([None] * 50, r"Only 0 rows have a label \(50 more have none\)"),
        ([""] * 50, "Only 0 rows"),
        ([float("nan")] * 50, "Only 0 rows"),
        (["a"], "All 1 rows have the same label, 'a'"),
        (["a"] * 500, "All 500 rows have the same label"),
        ([1] * 20, "same label, '1'"),
        ([True] * 20, "same label, 'true'"),
        ([" a", "a "] * 9, "same label, 'a'"),
        (["a", "b"], "Only 2 rows"),
        (["a", "b", "c"] * 2, "Only 6 rows"),
        (["a", "b"] * 3 + [None] * 90, r"Only 6 rows have a label \(90 more have none\)"),
        ([f"row {n}" for n in range(100)], "Each of the 100 rows has a label of its own"),
        ([["a"], ["b"]] * 10, "lists or objects"),
        ([{"a": 1}] * 10, "lists or objects"),
    ],
)  # fmt: skip
def test_hopeless_sets_are_refused_with_a_reason(values: list[object], reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        check_labels(values)
    assert caught.value.cure


def test_gaps_are_counted_and_said() -> None:
    labels, dropped, notices = check_labels([1, 0, None, "", float("nan"), 1, 0, 1, 0, 1, 0, 10])
    assert labels == ["0", "1", "10"]
    assert dropped == {"row without a label": 3}
    assert notices[0] == "3 of 12 rows have no label: dropped."
    assert "'10'" in notices[1]


def test_label_text() -> None:
    assert [label_text(v) for v in (1, 1.0, 1.5, True, " a ", " ", None)] == ["1", "1", "1.5", "true", "a", None, None]
    assert sorted(["b", "10", "2", "a"], key=natural) == ["2", "10", "a", "b"]


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3), st.booleans(), st.floats()), max_size=40))
def test_every_row_is_accounted_for(values: list[object]) -> None:
    try:
        labels, dropped, _ = check_labels(values)
    except DataError:
        return
    kept = [label_text(value) for value in values if label_text(value) is not None]
    assert sorted(labels) == sorted(set(kept))  # type: ignore[type-var]
    assert len(values) == len(kept) + sum(dropped.values())
    assert len(labels) > 1
    assert Counter(kept).total() >= 8


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_bounded(a: str, b: str) -> None:
    assert distance(a, b, 9) == distance(b, a, 9)
    assert (distance(a, b, 9) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= distance(a, b, 9) <= max(len(a), len(b))
