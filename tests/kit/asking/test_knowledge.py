"""Passages, searches by words, fusion, and the cut below which a question is refused."""

from __future__ import annotations

import numpy as np
import pytest

from fmtools.kit.asking import knowledge


def test_chinese_is_counted_by_characters_and_pairs() -> None:
    assert knowledge.words("Debian 软件包 2") == ["debian", "软", "件", "包", "软件", "件包", "2"]


def test_long_texts_are_cut_at_sentences_and_lose_nothing() -> None:
    text = " ".join(f"Sentence number {i} says something about topic {i % 7}." for i in range(120))
    pieces = knowledge.passages(text)
    assert len(pieces) > 5
    assert all(len(piece) <= knowledge.LONGEST for piece in pieces)
    for i in range(120):
        assert any(f"Sentence number {i} says" in piece for piece in pieces)
    assert pieces[1].split(".")[0] in pieces[0]  # they overlap by a sentence


def test_a_text_without_ends_of_sentences_is_cut_all_the_same() -> None:
    pieces = knowledge.passages("x" * (3 * knowledge.LONGEST + 5))
    assert "".join(pieces) == "x" * (3 * knowledge.LONGEST + 5)


def test_rare_words_count_more() -> None:
    index = knowledge.by_words(["the cat sat", "the dog sat", "the zebra sat", "狗在家"])
    assert int(knowledge.word_scores(index, "where is the zebra").argmax()) == 2
    assert int(knowledge.word_scores(index, "家里的狗").argmax()) == 3
    assert not knowledge.word_scores(index, "quark 夸克!").any()


def test_fusion_needs_no_comparable_scores() -> None:
    assert knowledge.fused([[3, 1, 2], [1, 4]])[0] == 1
    assert set(knowledge.fused([[3], []])) == {3}


def test_the_cut_lies_between_what_belongs_here_and_what_does_not() -> None:
    cut = knowledge.threshold(np.array([0.5, 0.6, 0.9]), np.array([0.1, 0.2, 0.3]))
    assert 0.3 < cut.value < 0.5
    assert (cut.kept, cut.refused, cut.asked, cut.foreign) == (1.0, 1.0, 3, 3)
    mixed = knowledge.threshold(np.array([0.2, 0.6, 0.7, 0.8]), np.array([0.1, 0.3, 0.35, 0.4]))
    assert (mixed.kept, mixed.refused) == (0.75, 1.0)


def test_a_quote_keeps_the_sentences_that_were_asked_for() -> None:
    passage = "Apples are red. Write to the list. Bugs are reported with reportbug. Pears are green. Plums are blue."
    assert knowledge.quoted("how are bugs reported", passage, most=1) == "Bugs are reported with reportbug."
    assert knowledge.quoted("anything", "One sentence. Two.") == "One sentence. Two."


@pytest.mark.parametrize("text", ["", " ", "?!", "。"])
def test_nothing_to_count_is_no_error(text: str) -> None:
    assert not knowledge.word_scores(knowledge.by_words(["a text", "一篇"]), text).any()
