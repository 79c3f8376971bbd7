from __future__ import annotations

import json
from typing import Any

import pytest

from fmtools.core import registry
from fmtools.core.contracts import Dataset, Prepared
from fmtools.core.errors import DataError, FmError, OptionError
from fmtools.core.options import PredictOptions, TrainOptions
from fmtools.kit.rows import questions

CONTEXT = "Ann lives in Rome. Bob lives in Oslo, and Rome is old."


def frame(rows: Any) -> Dataset:
    data: Dataset = registry.get("sources", "frame").load(rows)
    return data


def prepare(rows: Any, **options: Any) -> Prepared:
    return questions.prepare(frame(rows), TrainOptions(task="question-answering", data="x", **options))


def row(number: int = 0, **given: Any) -> dict[str, Any]:
    usual = {"context": f"{CONTEXT} ({number})", "question": f"Where does Ann live ({number})?"}
    return {**usual, "answers": {"text": ["Rome"], "answer_start": [13]}, **given}


def spans(prepared: Prepared) -> list[list[Any]]:
    return [json.loads(text) for table in prepared.splits.values() for text in table["answers"].to_pylist()]


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Rome", "Rome"], "answer_start": [13, 42]},
        [{"text": "Rome", "answer_start": 13}],
        "Rome",
        ["Rome"],
        '{"text": ["Rome"], "answer_start": [13]}',
    ],
)
def test_answers_come_in_every_shape(answers: Any) -> None:
    prepared = prepare([row(i, answers=answers) for i in range(20)])
    assert all(found[0] == [13, "Rome"] for found in spans(prepared))
    assert not prepared.meta["unanswerable"]


def test_flat_columns_with_a_start() -> None:
    rows = [{"passage": f"{CONTEXT} {i}", "query": f"q{i}", "answer": "Rome", "answer_start": 42} for i in range(20)]
    assert all(found == [[42, "Rome"]] for found in spans(prepare(rows)))


def test_a_wrong_start_is_put_right_and_a_strange_answer_left_out() -> None:
    rows = [row(i) for i in range(20)]
    rows += [
        row(90, answers={"text": ["Rome"], "answer_start": [40]}),
        row(91, answers={"text": ["Bern"], "answer_start": [3]}),
    ]
    prepared = prepare([*rows, row(92, question=""), row(93, context=None)])
    assert sum(table.num_rows for table in prepared.splits.values()) == 21
    assert [[42, "Rome"]] in spans(prepared)
    said = " ".join(prepared.notices)
    assert "1 left out: their answer does not stand in the context." in said
    assert "2 without question or context left out." in said
    assert "with an answer elsewhere than said" in said


def test_questions_without_an_answer_are_data_too() -> None:
    rows = [row(i, answers={"text": [], "answer_start": []} if i % 2 else row()["answers"]) for i in range(20)]
    prepared = prepare(rows)
    assert prepared.meta["unanswerable"]
    assert [] in spans(prepared)


def test_a_context_is_on_one_side_only() -> None:
    rows = [row(i % 10, question=f"q{i}") for i in range(60)]
    prepared = prepare(rows)
    train, held = (set(prepared.splits[name]["context"].to_pylist()) for name in ("train", "validation"))
    assert held
    assert not train & held
    alone = prepare([row(0, question=f"q{i}") for i in range(20)])
    assert alone.splits["validation"].num_rows == 2
    assert any("no question on both sides" in text for text in alone.notices)


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([{"text": "a", "label": "b"}], {}, "No column holds the question"),
        ([row()], {"text_column": "contxt"}, "Did you mean 'context'?"),
        ([row(answers="Bern"), row(1, answers="Bern")], {}, "None of the answers"),
        ([row(), row()], {}, "ask the same"),
    ],
)
def test_data_that_cannot_be_used(rows: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        prepare(rows, **options)
    assert said in str(caught.value)


def test_an_option_that_spans_cannot_have_is_refused() -> None:
    with pytest.raises(OptionError, match="label smoothing"):
        prepare([row(i) for i in range(20)], label_smoothing=0.1)


def test_inputs_pair_questions_with_contexts() -> None:
    meta = {"text_column": "context", "pair_column": "question", "label_column": "answers"}

    def asked(data: Any = None, **options: Any) -> list[dict[str, Any]]:
        return questions.inputs(PredictOptions(**options), frame(data) if data else None, meta)

    assert asked(question=["a", "b"], context="c") == [
        {"question": "a", "context": "c"},
        {"question": "b", "context": "c"},
    ]
    assert asked(text=["c"], question=["a"]) == [{"question": "a", "context": "c"}]
    assert asked(text=["c"], pair=["a"]) == [{"question": "a", "context": "c"}]
    assert asked(text=["a"], context="c") == [{"question": "a", "context": "c"}]
    assert asked([{"question": "a", "context": None}]) == [{"question": "a", "context": ""}]
    for wrong in ({"question": ["a"]}, {"context": "c"}, {"text": ["a"]}, {}):
        with pytest.raises(FmError):
            asked(**wrong)
