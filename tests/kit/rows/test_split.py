from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.kit.rows.split import stratified_split, text_key

TABLES = st.lists(st.tuples(st.text("abAB ", max_size=3), st.sampled_from("xyz")), max_size=60)


@settings(max_examples=200)
@given(TABLES, st.floats(0.01, 0.5), st.integers(0, 2**32 - 1))
def test_rows_are_divided_once_and_no_text_leaks(table: list[tuple[str, str]], share: float, seed: int) -> None:
    texts, labels = [row[0] for row in table], [row[1] for row in table]
    train, held, _ = stratified_split(texts, labels, share, seed)
    assert sorted([*train, *held]) == list(range(len(table)))
    assert not {text_key(texts[i]) for i in train} & {text_key(texts[i]) for i in held}
    again = stratified_split(texts, labels, share, seed)
    assert np.array_equal(train, again[0])
    assert np.array_equal(held, again[1])


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 200), min_size=1), st.floats(0.05, 0.5))
def test_every_class_gets_its_share(counts: dict[str, int], share: float) -> None:
    labels = [label for label, count in counts.items() for _ in range(count)]
    texts = [f"{label} {n}" for n, label in enumerate(labels)]
    train, held, notices = stratified_split(texts, labels, share, 7)
    in_train, in_held = Counter(labels[i] for i in train), Counter(labels[i] for i in held)
    for label, count in counts.items():
        assert in_train[label] >= 1
        if count >= 2:
            assert abs(in_held[label] - max(1.0, share * count)) <= 1
        else:
            assert in_held[label] == 0
            assert repr(label) in notices[0]


def test_seeds_differ() -> None:
    texts, labels = [str(n) for n in range(200)], ["ab"[n % 2] for n in range(200)]
    assert not np.array_equal(stratified_split(texts, labels, 0.2, 1)[1], stratified_split(texts, labels, 0.2, 2)[1])


def test_a_text_that_is_most_of_a_class_stays_in_training() -> None:
    texts = ["same"] * 90 + [f"other {n}" for n in range(10)]
    train, held, _ = stratified_split(texts, ["a"] * 100, 0.1, 0)
    assert len(held) == 10 or all(texts[i] != "same" for i in held)
    assert set(range(90)) <= set(train)
