from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from sklearn.metrics import classification_report as tokens_report

from fmtools.kit.scoring.entities import from_batches, most_frequent, scores

LABELS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "B-A-B", "I-A-B"]
SENTENCE = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=6))
def test_the_report_is_that_of_seqeval_and_scikit_learn(sentences: list[list[tuple[int, int]]]) -> None:
    guesses, truths = ([np.array([pair[i] for pair in s]) for s in sentences] for i in (0, 1))
    found = scores(guesses, truths, LABELS, plain=False)
    names = [[[LABELS[tag] for tag in row] for row in rows] for rows in (truths, guesses)]
    if any(tag != "O" for rows in names for row in rows for tag in row):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = classification_report(*names, output_dict=True, zero_division=0)
        same_report(found["report"], wanted)
        assert found["metrics"]["f1"] == pytest.approx(wanted["micro avg"]["f1-score"], abs=1e-6)
    flat = [[tag for row in rows for tag in row] for rows in names]
    present = sorted({*flat[0], *flat[1]})
    wanted = tokens_report(*flat, labels=present, output_dict=True, zero_division=0)
    assert found["metrics"]["token_f1_macro"] == pytest.approx(wanted["macro avg"]["f1-score"], abs=1e-6)
    assert found["metrics"]["token_accuracy"] == pytest.approx(np.mean(np.array(flat[0]) == np.array(flat[1])))
    table = {
        row[0]: dict(zip(("precision", "recall", "f1-score", "support"), row[1:], strict=True))
        for row in found["details"][0]["rows"]
    }
    for name in [*present, "macro avg", "weighted avg"]:
        assert table[name] == pytest.approx(wanted[name], abs=1e-6), name


def same_report(ours: dict[str, dict[str, float]], wanted: dict[str, dict[str, float]]) -> None:
    assert set(ours) == set(wanted)
    for name, row in wanted.items():
        renamed = {key.removesuffix("-score"): value for key, value in row.items()}
        assert ours[name] == pytest.approx(renamed, abs=1e-6), name


def test_nothing_to_find_and_nothing_found() -> None:
    found = scores([np.zeros(3, int)], [np.zeros(3, int)], LABELS, plain=False)
    assert found["metrics"]["f1"] == 0.0
    assert found["metrics"]["token_accuracy"] == 1.0
    assert found["report"]["micro avg"]["support"] == 0


def test_parts_of_speech_are_scored_token_by_token() -> None:
    found = scores([np.array([0, 1, 1])], [np.array([0, 1, 0])], ["DET", "NOUN"], plain=True)
    assert found["metrics"]["f1"] == found["metrics"]["token_accuracy"] == pytest.approx(2 / 3)
    assert found["report"]["DET"]["recall"] == 0.5


def test_the_trainers_arrays_are_cut_to_their_tags() -> None:
    truth = np.array([[-100, 1, -100, 2, -100], [-100, 3, -100, -100, -100]])
    tags, wanted = from_batches(np.array([[9, 1, 9, 0, -100], [9, 3, 9, -100, -100]]), truth)
    assert [t.tolist() for t in tags] == [[1, 0], [3]]
    assert [t.tolist() for t in wanted] == [[1, 2], [3]]
    assert from_batches(np.eye(5)[None, :, :], truth[:1])[0][0].tolist() == [1, 3]


def test_the_most_frequent_tag_of_a_token() -> None:
    known, usual = most_frequent([(["Paris", "is", "Paris"], [1, 0, 1]), (["Paris", "Hilton"], [3, 4])], LABELS)
    assert known == {"Paris": 1, "is": 0, "Hilton": 4}
    assert usual == 0
    assert most_frequent([(["a", "b", "c"], [1, 1, 0])], ["X", "Y"])[1] == 1
