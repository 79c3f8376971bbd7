from __future__ import annotations

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.core.options.steps import parse_step
from fmtools.kit.recipes.clean import normal, without_markup
from fmtools.kit.recipes.recipe import run


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("normalize", "  a \t b  ", "a b"),
        ("normalize", "Ｇｏｏｄ　１２３，好！", "Good 123，好！"),
        ("normalize", "a\x00b\u200bc\ufeff\x07", "abc"),
        ("normalize", "e\u0301", "é"),
        ("normalize", "one\r\n two \n\n\n\nthree", "one\ntwo\n\nthree"),
        ("normalize form=NFKC", "ﬁve ①", "five 1"),
        ("normalize width=false form=none", "Ａ", "Ａ"),
        ("normalize blanks=false", " a  b ", " a  b "),
        ("normalize case=lower", "ABC", "abc"),
        ("normalize", "👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_normalize(line: str, before: str, after: str) -> None:
    assert normal(before, parse_step(line)) == after  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("strip-markup", "<p>Great &amp; <b>good</b></p><p>yes</p>", "Great & good yes"),
        ("strip-markup", 'see <a href="x>y">this</a><br/>now', "see this now"),
        ("strip-markup", "a <b and c> d, 3 < 4 > 2, <name>, I <3 you", "a <b and c> d, 3 < 4 > 2, <name>, I <3 you"),
        ("strip-markup", "x<script>alert('<p>')</script>y<!-- z -->", "x y"),
        ("strip-markup", "AT&T &lt;tag&gt; &#20320;&#x597D; &nosuch;", "AT&T <tag> 你好 &nosuch;"),
        ("strip-markup", "go to http://a.b/c?x=1&copy=2.", "go to http://a.b/c?x=1&copy=2."),
        ("strip-markup urls=drop", "see http://a.b/c, or www.x.org now", "see , or now"),
        ("strip-markup urls=mask", "看https://a.b/c。好", "看[URL]。好"),
        ("strip-markup html=false", "<p>x</p>", "<p>x</p>"),
    ],
)
def test_strip_markup(line: str, before: str, after: str) -> None:
    assert without_markup(before, parse_step(line)) == after  # type: ignore[arg-type]


def test_a_text_without_markup_keeps_its_blanks() -> None:
    data = Dataset("x", {"all": pa.table({"text": ["a  b ", "<b>a</b>  b"], "label": ["x", "y"]})})
    made, _, outcomes = run(data, ["strip-markup"])
    assert made.splits["all"]["text"].to_pylist() == ["a  b ", "a b"]
    assert outcomes[0].changed == 1
    assert (outcomes[0].examples[0].before, outcomes[0].examples[0].after) == ("<b>a</b>  b", "a b")


def test_tokens_keep_their_places_and_tags() -> None:
    table = pa.table({"tokens": [["Ｊｏｈｎ", "\u200b", "in", "Ｒｏｍｅ"]], "ner_tags": [["B-PER", "O", "O", "B-LOC"]]})
    made, _, _ = run(Dataset("x", {"train": table}), ["normalize"])
    assert made.splits["train"].to_pylist() == [
        {"tokens": ["John", "\u200b", "in", "Rome"], "ner_tags": ["B-PER", "O", "O", "B-LOC"]}
    ]


def test_messages_and_nulls_are_handled() -> None:
    messages = [[{"role": "user", "content": " hi  there "}, {"role": "assistant", "content": None}]]
    made, _, _ = run(Dataset("x", {"train": pa.table({"messages": messages})}), ["normalize"])
    assert made.splits["train"].to_pylist()[0]["messages"][0] == {"role": "user", "content": "hi there"}
    texts = pa.table({"text": [None, " a "], "label": ["x", "y"]})
    made, _, _ = run(Dataset("x", {"train": texts}), ["normalize"])
    assert made.splits["train"]["text"].to_pylist() == [None, "a"]


def test_answers_are_found_anew_in_a_changed_context() -> None:
    context = "<p>The  tower</p> is  in Paris, and Paris is big."
    answers = {"text": ["Paris"], "answer_start": [context.rindex("Paris")]}
    table = pa.table({"question": ["Where?"], "context": [context], "answers": [answers]})
    made, _, _ = run(Dataset("x", {"train": table}), ["strip-markup", "normalize"])
    row = made.splits["train"].to_pylist()[0]
    start = row["answers"]["answer_start"][0]
    assert row["context"] == "The tower is in Paris, and Paris is big."
    assert row["context"][start:].startswith("Paris is big")


def test_labels_are_mapped_and_may_become_one() -> None:
    table = pa.table({"text": ["a b c", "d e f", "g h i", "j k l"], "label": [1, 2, 3, None]})
    made, _, outcomes = run(Dataset("x", {"train": table}), ["map-labels column=label 1=low 2=low 3=high"])
    assert made.splits["train"]["label"].to_pylist() == ["low", "low", "high", None]
    assert outcomes[0].changed == 3
