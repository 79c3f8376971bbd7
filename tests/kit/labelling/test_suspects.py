"""Planted wrong labels come first, by probabilities of a regression that has not seen the row."""

from __future__ import annotations

import numpy as np

from fmtools.kit.labelling import suspects
from support import rows


def planted(count: int = 300, share: float = 0.05) -> tuple[list[str], np.ndarray, set[int], list[str]]:
    made = rows(count)
    names = sorted({row["label"] for row in made})
    labels = np.array([names.index(row["label"]) for row in made])
    wrong = np.random.default_rng(3).permutation(count)[: int(share * count)]
    labels[wrong] = (labels[wrong] + 1) % len(names)
    return [row["text"] for row in made], labels, set(wrong.tolist()), names


def test_planted_wrong_labels_are_found_first() -> None:
    texts, labels, wrong, names = planted()
    found = suspects.judge(suspects.out_of_sample(suspects.text_vectors(texts), labels, len(names), 42), labels)
    assert len(wrong & set(found.issues[: len(wrong)])) >= 13
    assert len(wrong & set(found.issues)) >= 14
    assert np.nanmax(found.quality[sorted(wrong)]) < np.nanmedian(found.quality)


def test_a_row_is_judged_without_itself() -> None:
    # Vectors that name their row tell nothing about others: a regression fitted with the row would be sure of it.
    labels = np.array([0, 1] * 20)
    probabilities = suspects.out_of_sample(np.eye(40), labels, 2, 42)
    assert np.abs(probabilities - 0.5).max() < 0.05


def test_rows_without_a_label_are_answered_and_rare_labels_are_not_judged() -> None:
    texts, labels, _, names = planted(60, 0)
    right = labels[:5].copy()
    labels[:5] = -1
    labels[10] = len(names)  # the only row of its label
    found = suspects.judge(suspects.out_of_sample(suspects.text_vectors(texts), labels, len(names) + 1, 42), labels)
    assert (found.best[:5] == right).mean() >= 0.8
    assert np.isnan(found.quality[:5]).all()
    assert np.isnan(found.quality[10])
    assert not {0, 1, 2, 3, 4, 10} & set(found.issues)


def test_one_label_and_texts_without_letters_say_nothing() -> None:
    labels = np.zeros(10, np.int64)
    vectors = suspects.text_vectors(["", " ", "。"] * 3 + ["!"])
    assert suspects.judge(suspects.out_of_sample(vectors, labels, 1, 42), labels).issues == []
