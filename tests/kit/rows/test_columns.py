from __future__ import annotations

import pyarrow as pa
import pytest

from fmtools.core.errors import DataError
from fmtools.kit.rows.columns import guess_columns, guess_text_column

LONG = [f"this is a rather long sentence number {n} about things" for n in range(40)]
FEW = [["pos", "neg"][n % 2] for n in range(40)]
IDS = [f"id-{n}" for n in range(40)]
STARS = [n % 5 + 1 for n in range(40)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": LONG, "label": FEW}, ("text", "label")),
        ({"review": LONG, "score": FEW}, ("review", "score")),
        ({"text": LONG, "intent": FEW, "template": LONG}, ("text", "intent")),
        ({"id": IDS, "label": FEW, "sentence": LONG}, ("sentence", "label")),
        ({"a": FEW, "b": LONG}, ("b", "a")),
        ({"评论": LONG, "情感": FEW}, ("评论", "情感")),
        ({"Review Text": LONG, "Star Rating": STARS}, ("Review Text", "Star Rating")),
        ({"text": LONG, "label": STARS}, ("text", "label")),
        ({"text": LONG, "is_spam": [n % 2 == 0 for n in range(40)]}, ("text", "is_spam")),
        ({"text": LONG, "label": [float(n % 2) for n in range(40)]}, ("text", "label")),
        ({"text": LONG, "label": list("0110" * 10), "price": [str(n * 1.5) for n in range(40)]}, ("text", "label")),
        ({"title": IDS, "body": LONG, "category": FEW}, ("body", "category")),
        ({"type": FEW, "message": LONG}, ("message", "type")),
        ({"reviewText": LONG, "overall": STARS, "reviewerID": IDS}, ("reviewText", "overall")),
        ({"Unnamed: 0": STARS, "text": LONG, "label": FEW}, ("text", "label")),
        ({"premise": ["short"] * 40, "tweet": LONG, "sentiment": FEW}, ("tweet", "sentiment")),
        ({"text": FEW, "label": FEW}, ("text", "label")),
    ],
)  # fmt: skip
def test_guesses(columns: dict[str, list[object]], expected: tuple[str, str]) -> None:
    text, label, notices = guess_columns(pa.table(columns))
    assert (text, label) == expected
    assert notices[0].startswith(f"Text column: {text!r} (guessed), label column: {label!r} (guessed)")


def test_given_columns_are_taken_without_a_word() -> None:
    table = pa.table({"text": LONG, "label": FEW, "other": FEW})
    assert guess_columns(table, "label", "other") == ("label", "other", [])
    text, label, notices = guess_columns(table, label="other")
    assert (text, label) == ("text", "other")
    assert "label column" not in notices[0].lower()


def test_unknown_columns_suggest_the_nearest() -> None:
    table = pa.table({"Text": LONG, "label": FEW})
    with pytest.raises(DataError, match=r"no column 'text'; the columns are 'Text', 'label'. Did you mean 'Text'\?"):
        guess_columns(table, text="text")
    with pytest.raises(DataError, match="Did you mean 'label'"):
        guess_columns(table, label="lable")


def test_one_column_cannot_be_both() -> None:
    with pytest.raises(DataError, match="both"):
        guess_columns(pa.table({"text": LONG, "label": FEW}), "text", "text")


def test_rivals_are_named() -> None:
    _, _, notices = guess_columns(pa.table({"first": LONG, "second": LONG, "label": FEW}))
    assert "'second' would fit too" in notices[0]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"text": LONG}, "No column can be the label"),
        ({"text": LONG, "text2": LONG}, "No column can be the label"),
        ({"n": STARS, "m": STARS}, "No column can be the text"),
        ({"id": IDS, "label": STARS}, "No column can be the text"),
        ({"text": [None] * 40, "label": [None] * 40}, "No column can be the text"),
        ({"text": LONG, "tokens": [["a"]] * 40}, "No column can be the label"),
    ],
)
def test_impossible_tables_list_their_columns(columns: dict[str, list[object]], word: str) -> None:
    with pytest.raises(DataError, match=word) as caught:
        guess_columns(pa.table(columns))
    assert all(name in caught.value.cause for name in columns)
    assert "column NAME" in caught.value.cure


def test_text_alone_can_be_guessed() -> None:
    assert guess_text_column(pa.table({"id": IDS, "question": LONG}))[0] == "question"
    assert guess_text_column(pa.table({"a": LONG, "b": LONG}), "b") == ("b", [])
