from __future__ import annotations

from typing import Any

import pytest

from fmtools.kit.rows.marked_spans import BrokenSpan, Marked, spans_of, tagged

TEXT = "Ada Lovelace met Babbage in London."


@pytest.mark.parametrize(
    "value",
    [
        [{"start": 0, "end": 12, "label": "PER"}, {"start": 28, "end": 34, "label": "LOC"}],
        [{"start_offset": 0, "end_offset": 12, "type": "PER"}, {"begin": 28, "stop": 34, "entity": "LOC"}],
        [[0, 12, "PER"], [28, 34, "LOC"]],
        '[[0, 12, "PER"], [28, 34, "LOC"]]',
        "[{'start': 0.0, 'end': '12', 'label': ['PER']}, {'start': 27, 'end': 34, 'label': 'LOC', 'text': 'London'}]",
    ],
)
def test_spans_as_tools_write_them(value: Any) -> None:
    tokens, tags = tagged(TEXT, spans_of(TEXT, value), "words")
    assert tokens == ["Ada", "Lovelace", "met", "Babbage", "in", "London", "."]
    assert tags == ["B-PER", "I-PER", "O", "O", "O", "B-LOC", "O"]


def test_a_span_that_cuts_a_word_keeps_every_letter() -> None:
    tokens, tags = tagged("anti-Berlin's", [Marked(5, 11, "LOC")], "words")
    assert tokens == ["anti-", "Berlin", "'s"]
    assert tags == ["O", "B-LOC", "O"]


def test_chinese_characters() -> None:
    assert tagged("李明在北京", [Marked(3, 5, "LOC")], "characters")[1] == ["O", "O", "O", "B-LOC", "I-LOC"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([{"start": 0, "end": 99, "label": "PER"}], "from 0 to 99 in a text of 35"),
        ([{"start": 5, "end": 5, "label": "PER"}], "from 5 to 5"),
        ([{"start": 0, "end": 3}], "no label"),
        ([{"start": 0, "end": 3, "label": "PER", "text": "Bob"}], "'Bob'"),
        ([{"start": 3, "end": 4, "label": "PER"}], "blanks"),
        ([3], "neither"),
        ("{", "cannot be read"),
        ({"a": 1}, "no list"),
    ],
)
def test_spans_that_do_not_fit_say_why(value: Any, said: str) -> None:
    with pytest.raises(BrokenSpan, match=said):
        spans_of(TEXT, value)


def test_spans_that_overlap() -> None:
    with pytest.raises(BrokenSpan, match="overlap"):
        tagged(TEXT, [Marked(0, 12, "PER"), Marked(4, 16, "LOC")], "words")


def test_no_spans_are_no_entities() -> None:
    assert spans_of(TEXT, None) == spans_of(TEXT, "") == spans_of(TEXT, []) == []
