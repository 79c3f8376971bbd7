"""Beside code written after the official evaluation of SQuAD 1.1 and 2.0."""

from __future__ import annotations

import collections
import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.kit.scoring import answers

WORDS = st.sampled_from(
    ["the", "a", "Paris", "paris,", "of", "an", "The", "1980s", "U.S.", "étude", "–", "'", "in", ""]
)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)


def normalize_answer(s: str) -> str:
    s = s.lower()
    s = "".join(ch for ch in s if ch not in set(string.punctuation))
    s = re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", s)
    return " ".join(s.split())


def compute_f1(a_gold: str, a_pred: str) -> float:
    gold_toks, pred_toks = normalize_answer(a_gold).split(), normalize_answer(a_pred).split()
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision, recall = 1.0 * num_same / len(pred_toks), 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_scores_are_those_of_the_official_script(said: str, truths: list[str]) -> None:
    gold = [text for text in truths if normalize_answer(text)] or [""]
    exact, f1 = answers.best(said, truths, "ascii")
    assert exact == max(int(normalize_answer(g) == normalize_answer(said)) for g in gold)
    assert f1 == pytest.approx(max(compute_f1(g, said) for g in gold), abs=1e-9)


def test_chinese_answers_are_compared_by_characters() -> None:
    assert answers.best("北京大学。", ["北京大学"], "zh") == (1.0, 1.0)
    assert answers.f1("北京", "北京大学", "zh") == pytest.approx(2 / 3)
    assert answers.f1("北京", "北京大学", "ascii") == 0


def test_means_are_of_a_hundred_and_apart_where_some_have_no_answer() -> None:
    found = [{"answer": "Rome"}, {"answer": ""}, {"answer": "Oslo town"}, {"answer": "x"}]
    truth: list[dict[str, Any]] = [
        {"question": "?", "answers": known} for known in (["Rome", "the Rome"], [], ["Oslo"], [])
    ]
    metrics = answers.scores(found, truth, {"script": "ascii"})["metrics"]
    assert metrics["exact_match"] == 50
    assert metrics["f1"] == pytest.approx(100 * (1 + 1 + 2 / 3 + 0) / 4)
    assert metrics["has_answer_exact_match"] == 50
    assert metrics["no_answer_exact_match"] == 50


def test_details_show_the_surest_wrong_answers_first() -> None:
    found = [{"answer": "a1", "score": 0.2}, {"answer": "b1", "score": 0.9}, {"answer": "c", "score": 0.95}]
    truth: list[dict[str, Any]] = [{"question": q, "answers": [a]} for q, a in (("A", "x"), ("B", "y"), ("C", "c"))]
    calibration, worst = answers.scores(found, truth, {"script": "ascii"})["details"]
    assert sum(row[2] for row in calibration["rows"]) == 3
    assert [row[0] for row in worst["rows"]] == ["B", "A"]
