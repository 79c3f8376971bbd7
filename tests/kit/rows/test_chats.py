"""Conversations in the forms in which they are passed around become one form; plain rows stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

from fmtools.kit.rows.chats import form_of, messages_of

HI = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": HI},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]},
        {"dialogue": [{"speaker": "用户", "text": "Hi"}, {"speaker": "Assistant", "text": "Yo"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, HI[1]]},
        {"instruction": "Hi", "input": "", "output": "Yo"},
        {"instruction": "Hi", "context": " ", "response": "Yo"},
        {"prompt": "Hi", "completion": "Yo"},
    ],
)
def test_every_form_becomes_messages(row: dict[str, Any]) -> None:
    form = form_of([row])
    assert form is not None
    assert form.task == "text-generation"
    converted = form.convert(row)
    assert converted is not None
    assert converted["messages"] == HI
    assert row.keys() <= converted.keys()


def test_additions_of_instructions() -> None:
    row = {"system": "Be kind", "instruction": "Add", "input": "1 2", "output": "3", "history": [["a", "b"]]}
    form = form_of([row])
    assert form is not None
    converted = form.convert(row)
    assert converted is not None
    said = [(message["role"], message["content"]) for message in converted["messages"]]
    assert said == [
        ("system", "Be kind"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "Add\n\n1 2"),
        ("assistant", "3"),
    ]


@pytest.mark.parametrize("turns", [None, [], ["hi"], [{"role": "martian", "content": "x"}], [{"role": "user"}], "hi"])
def test_what_is_no_conversation(turns: Any) -> None:
    assert messages_of(turns) is None


@pytest.mark.parametrize(
    ("row", "task", "converted"),
    [
        ({"translation": {"en": "a", "fr": "b"}}, "translation", {"source": "a", "target": "b"}),
        ({"Q": "x", "A": "y", "id": 3}, "", {"question": "x", "answer": "y", "id": 3}),
        ({"prompt": "p", "chosen": "a", "rejected": "b"}, "preference-tuning", {"prompt": "p", "chosen": "a", "rejected": "b"}),
    ],
)  # fmt: skip
def test_other_pairs(row: dict[str, Any], task: str, converted: dict[str, Any]) -> None:
    form = form_of([row])
    assert form is not None
    assert (form.task, form.convert(row)) == (task, converted)


@pytest.mark.parametrize(
    "row", [{}, {"text": "a", "label": "b"}, {"question": "x", "answer": "y"}, {"messages": "text"}]
)
def test_plain_rows_stay(row: dict[str, Any]) -> None:
    assert form_of([row]) is None


def test_the_most_rows_decide() -> None:
    assert form_of([{"messages": HI}, *[{"messages": None}] * 3]) is None
    assert form_of([{"messages": HI}, {"messages": None}]) is not None
