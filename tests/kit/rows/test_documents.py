"""Columns of texts and conversations, what is held out, what is left out, and how mistakes are worded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fmtools.core import registry
from fmtools.core.errors import DataError, FmError
from fmtools.core.options import PredictOptions, TrainOptions
from fmtools.kit.rows import documents, gaps, prompts

TALK = [{"role": "user", "content": "how many?"}, {"role": "assistant", "content": "three"}]


def data(rows: Any) -> Any:
    return registry.get("sources", "frame").load(rows)


def prepared(rows: Any, **options: Any) -> Any:
    return documents.prepare(data(rows), TrainOptions(task="text-generation", data="x", **options))


def contents(table: Any) -> list[list[str]]:
    return [[message["content"] for message in talk] for talk in documents.talks_of(table)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"messages": TALK}, ["how many?", "three"]),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}, ["a", "b"]),
        ({"messages": json.dumps(TALK)}, ["how many?", "three"]),
        ({"question": "q?", "answer": "a!"}, ["q?", "a!"]),
        ({"instruction": "add", "input": "1 and 2", "output": "3"}, ["add\n\n1 and 2", "3"]),
        ({"instruction": "hi", "input": None, "output": "3"}, ["hi", "3"]),
        ({"prompt": "p", "completion": "c", "id": "7"}, ["p", "c"]),
        ({"问题": "几个？", "回答": "三个。"}, ["几个？", "三个。"]),
    ],
)
def test_conversations_are_found_in_every_form(row: dict[str, Any], said: list[str]) -> None:
    rows = [{**row, "n": i} for i in range(20)]
    for i, one in enumerate(rows):  # no two alike
        for key, value in one.items():
            if isinstance(value, str) and key not in ("id", "messages") and value not in ("user",):
                one[key] = value if i == 0 else f"{value} {i}"
        if "messages" in one and i:
            one["messages"] = json.dumps([{**m, "content": m["content"] + str(i)} for m in TALK])
        if "conversations" in one and i:
            one["conversations"] = [{**m, "value": m["value"] + str(i)} for m in one["conversations"]]
    made = documents.prepare(data([rows[0]] * 2 + rows), TrainOptions(data="x", validation=0.2))
    assert made.meta["form"] == "chat"
    both = contents(made.splits["train"]) + contents(made.splits["validation"])
    assert said in both
    assert len(both) == 22
    assert not {json.dumps(c) for c in contents(made.splits["train"])} & {
        json.dumps(c) for c in contents(made.splits["validation"])
    }


def test_named_columns_are_a_question_and_its_answer() -> None:
    rows = [{"a": f"what {i}", "b": f"that {i}", "text": "no"} for i in range(20)]
    made = prepared(rows, text_column="a", label_column="b")
    assert sorted(contents(made.splits["train"]))[0] == ["what 0", "that 0"] or made.splits["validation"].num_rows
    assert made.meta["text_column"] == "a"
    with pytest.raises(DataError, match="no column 'bb'"):
        prepared(rows, text_column="a", label_column="bb")


def test_one_long_text_gives_its_end_to_validation_and_nothing_is_lost() -> None:
    text = " ".join(f"word{i}" for i in range(500))
    made = prepared([{"text": text}], validation=0.2)
    train, held = (made.splits[name]["text"][0].as_py() for name in ("train", "validation"))
    assert train + held == text
    assert 0.15 < len(held) / len(text) < 0.25
    assert held.startswith("word")
    assert any("20%" in notice for notice in made.notices)


def test_a_few_texts_each_give_their_end() -> None:
    made = prepared([{"text": f"{i} " + "abc def " * 40} for i in range(3)])
    assert made.splits["train"].num_rows == made.splits["validation"].num_rows == 3


def test_rows_without_anything_to_learn_are_counted() -> None:
    rows = [{"text": f"text number {i}"} for i in range(20)] + [{"text": "  "}, {"text": None}]
    assert "2 rows without text were left out." in prepared(rows).notices
    rows = [{"messages": [*TALK[:1], {**TALK[1], "content": f"three {i}"}]} for i in range(20)]
    made = prepared([*rows, {"messages": TALK[:1]}, {"messages": [*TALK[:1], {**TALK[1], "content": " "}]}])
    assert "2 rows without a conversation with an answer were left out." in made.notices


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([{"text": "short"}], {}, "too few to learn from"),
        ([{"text": ""}], {}, "(no texts|can be the text)"),
        ([{"text": "the same text of some length"}] * 30, {}, "say the same"),
        ([{"n": 1}, {"n": 2}], {}, "can be the text"),
        ([{"text": "some text"}] * 20, {"text_column": "txt"}, "no column 'txt'"),
    ],
)
def test_mistakes_are_one_sentence(rows: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        prepared(rows, **options)
    assert "\n" not in caught.value.cause


def test_other_data_must_be_of_the_same_form() -> None:
    talks = prepared([{"question": f"q {i}", "answer": "a"} for i in range(20)])
    other = documents.align(data([{"messages": TALK}]), talks.meta)
    assert contents(other.splits["all"]) == [["how many?", "three"]]
    with pytest.raises(DataError, match="are texts, but this run learned conversations"):
        documents.align(data([{"text": "a text of its own"}]), talks.meta)


def test_what_a_chat_run_is_asked() -> None:
    meta = {"form": "chat", "text_column": "question", "label_column": "answer"}
    options = PredictOptions(text=["one?"], system="Be brief")
    typed, *read = prompts.of(options, data([{"question": "two?", "answer": "x"}]), meta)
    assert typed["messages"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "one?"}]
    assert read[0]["text"] == "two?"
    long = [*TALK, {"role": "user", "content": "sure?"}, {"role": "assistant", "content": "yes"}]
    (found,) = prompts.of(PredictOptions(), data([{"messages": long}]), meta)
    assert [m["content"] for m in found["messages"]] == ["how many?", "three", "sure?"]
    with pytest.raises(FmError, match="nothing to answer"):
        prompts.of(PredictOptions(), None, meta)
    with pytest.raises(FmError, match="takes no --system"):
        prompts.of(PredictOptions(text=["a"], system="b"), None, {"form": "text", "text_column": "text"})


def test_gaps_are_found_and_filled() -> None:
    meta = {"text_column": "text"}
    assert [row["text"] for row in gaps.of(PredictOptions(text=["a ___", "[MASK] b"]), None, meta)] == [
        "a ___",
        "[MASK] b",
    ]
    with pytest.raises(FmError, match="Text 2 has no gap"):
        gaps.of(PredictOptions(text=["a ___", "b __"]), None, meta)
    assert gaps.filled("a ___ <mask>b", [" x", " y"]) == "a x yb"
    assert gaps.filled("天[MASK]很好", ["气"]) == "天气很好"
