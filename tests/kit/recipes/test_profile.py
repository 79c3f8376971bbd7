from __future__ import annotations

import json

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.kit.recipes import profile
from fmtools.kit.recipes.odd import reasons, tag_counts
from fmtools.kit.recipes.profile import describe


def test_leaks_duplicates_and_their_examples() -> None:
    train = pa.table(
        {
            "text": ["the red lamp is very nice to have", "The red  lamp is very nice to have", "b b b b"],
            "label": ["x", "x", "y"],
        }
    )
    test = pa.table(
        {"text": ["the red lamp is very nice to have!", "B b b b", "quite another one"], "label": ["x", "y", "y"]}
    )
    card = describe(Dataset("shop", {"train": train, "test": test}))
    assert json.loads(json.dumps(card)) == card
    assert card["duplicates"] == {"within": 1, "between_splits": 1, "near": 0}
    assert card["leaks"] == [
        {
            "split": "test", "with": "train", "equal": 1, "near": 1,
            "examples": [["the red lamp is very nice to have!", "the red lamp is very nice to have"], ["B b b b", "b b b b"]],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  ", ["no text"]), ("...", ["no letter or digit"]), ("x", ["a single letter or digit"]), ("caf Ã© bar", ["broken characters (mojibake)"]),
        ("a\x00bcd", ["control characters"]), ("<b>abc</b>", ["HTML"]), ("fish &amp; chips", ["HTML"]), ("12345 abc", ["mostly digits"]),
        ("sooooooooo good", ["one character over and over"]), ("see ----------------", ["one character over and over"]), ("http://a.b/c", ["only a web address"]),
        ("ab " * 99, ["more than 200 characters"]), ("a plain text, 5 < 6 & more", []), ("很好。", []), ("naïve Ångström façade", []), ("hmm... ok", []),
        ("锟斤拷 text", ["broken characters (mojibake)"]),
    ],
)  # fmt: skip
def test_odd_rows(text: str, why: list[str]) -> None:
    assert reasons(text, 200) == why


def test_histogram_counts_every_row_once() -> None:
    texts = ["x" * n for n in range(1, 200)] + ["y" * 5000]
    card = describe(Dataset("x", {"all": pa.table({"text": texts, "label": ["a", "b"] * 100})}))
    lengths = card["lengths"]
    assert sum(lengths["counts"]["all"]) == 200
    assert len(lengths["edges"]) == len(lengths["counts"]["all"]) + 1
    assert lengths["edges"][-1] == 5000


def test_rows_with_an_inner_order() -> None:
    tokens = pa.table(
        {"tokens": [["John", "Smith", "lives"], ["in", "Rome"]], "ner_tags": [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]}
    )
    card = describe(Dataset("conll", {"train": tokens}))
    assert (card["kind"], card["labels"]) == ("tokens", [])
    assert card["tags"] == {"O": 2, "B-LOC": 1, "B-PER": 1, "I-PER": 1}
    assert card["entities"] == {"LOC": 1, "PER": 1}
    chat = pa.table(
        {"messages": [[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}]]}
    )
    card = describe(Dataset("chat", {"train": chat}))
    assert (card["kind"], card["roles"], card["text_length"]["longest"]) == (
        "messages",
        {"user": 1, "assistant": 1},
        14,
    )
    squad = pa.table(
        {"question": ["Who?"], "context": ["John it was."], "answers": [{"text": ["John"], "answer_start": [0]}]}
    )
    assert describe(Dataset("squad", {"train": squad}))["kind"] == "question"


def test_entities_of_any_scheme() -> None:
    assert tag_counts([["S-PER", "B-ORG", "E-ORG", "I-LOC", "I-LOC", "O", "I-LOC"]])[1] == {
        "LOC": 2,
        "ORG": 1,
        "PER": 1,
    }


def test_large_tables_are_looked_at_in_part_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "LIMIT", 100)
    monkeypatch.setattr(profile, "SPOKEN", 20)
    table = pa.table({"text": [f"this is row number {n} of many" for n in range(1000)], "label": ["a", "b"] * 500})
    card = describe(Dataset("big", {"train": table, "test": table.slice(0, 100)}))
    assert card["rows"] == {"train": 1000, "test": 100}
    assert sum(entry["rows"]["train"] for entry in card["labels"]) == 1000
    assert card["sampled"]["lengths, duplicates, odd rows"] == [99, 1100]
    assert card["sampled"]["languages"] == [sum(entry["rows"] for entry in card["languages"]), 1100] == [19, 1100]
