"""A knowledge base is made, kept, found again and asked; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fmtools
from fmtools.core.errors import DataError, OptionError, StoreError
from fmtools.store import indexes

ROWS = [
    ("How do I open the gate?", "Press the green button beside the gate, and wait until it has opened."),
    ("When is the library open?", "The library is open from nine to five on weekdays."),
    ("Where can I park a bicycle?", "Bicycles are parked behind the town hall, in the yard with the chestnut tree."),
    ("What does a ticket cost?", "A ticket costs three euros; children travel free."),
    ("图书馆几点开门？", "图书馆工作日九点到五点开放。"),
]


@pytest.fixture(scope="module")
def base(shared_store: Path, tiny: Path) -> fmtools.api.KnowledgeBase:
    frame = pd.DataFrame(ROWS, columns=["question", "answer"])
    made = fmtools.index(frame, name="town", model=str(tiny))
    assert isinstance(made, fmtools.api.KnowledgeBase)
    return made


def test_it_is_kept_and_tested(base: fmtools.api.KnowledgeBase, shared_store: Path) -> None:
    assert (base.facts["rows"], base.facts["tested"]) == (5, 5)
    assert set(base.scores) == {"words", "meaning", "both"}
    assert base.scores["words"]["recall_at_3"] >= 0.6  # its words stand in the texts
    assert indexes.names(shared_store) == ["town"]
    assert "town" in fmtools.index().text()
    assert "recall_at_3" in base.text()
    assert "recall_at_3" in base.html()


def test_answers_quote_their_sources(base: fmtools.api.KnowledgeBase) -> None:
    found = fmtools.answer(["What does a ticket cost?", "图书馆几点开门"], search="words", min_score=-1, top=2)
    assert found[0].answer == ROWS[3][1]
    assert found[1].answer == ROWS[4][1]
    assert found[0].sources[0].row == 3
    assert len({source.row for source in found[0].sources}) == len(found[0].sources) <= 2
    assert found.to_json()["answers"][0]["refused"] is False
    assert "three euros" in found.html()


def test_nothing_that_fits_is_said_so(base: fmtools.api.KnowledgeBase) -> None:
    refused = base.ask("turn on the kitchen lights", min_score=1.0)
    assert refused[0].refused
    assert "Nothing here answers this." in refused.text()
    assert "Nothing here answers this." in refused.html()


def test_mistakes_are_said_in_words(base: fmtools.api.KnowledgeBase, tiny: Path) -> None:
    with pytest.raises(DataError, match="Did you mean town"):
        fmtools.answer("?", index="twon")
    with pytest.raises(OptionError, match="not possible"):
        fmtools.answer("x", search="smell")
    with pytest.raises(DataError, match="nosuch"):
        fmtools.index(pd.DataFrame(ROWS, columns=["a", "b"]), text_column="nosuch", model=str(tiny))


def test_answers_are_judged_by_questions_held_back(base: fmtools.api.KnowledgeBase) -> None:
    found = base.judge(search="words", min_score=-1)
    assert (found["questions"], found["answered"]) == (5, 1.0)
    assert found["right_source"] >= 0.8
    assert found["rougel"] >= 0.8  # the answers are quoted from the right texts
    refused = base.judge(min_score=1.0)
    assert (refused["answered"], refused["rougel"]) == (0.0, 0.0)


def test_lessons_leave_out_what_was_held_back(base: fmtools.api.KnowledgeBase, tiny: Path) -> None:
    assert base.lessons() == []  # every question was held back from a model that was not trained on them
    frame = pd.DataFrame(ROWS, columns=["question", "answer"])
    run = fmtools.train(
        "sentence-similarity",
        data=frame,
        model=str(tiny),
        max_steps=1,
        validation=0.4,
        text_column="question",
        pair_column="answer",
    )
    taught = fmtools.index(frame, name="taught", run=run.id)
    lessons = taught.lessons(sources=2)
    learned = {lesson["messages"][1]["content"] for lesson in lessons}
    assert 0 < len(lessons) == 5 - taught.facts["tested"]
    assert learned.isdisjoint(ROWS[row][0] for row in taught.facts["held"])
    for lesson in lessons:
        assert lesson["messages"][2]["content"] in lesson["messages"][0]["content"]
    fmtools.index(remove="taught")


def test_a_damaged_one_is_refused_and_can_go(base: fmtools.api.KnowledgeBase, shared_store: Path) -> None:
    file = base.path / indexes.VECTORS
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(StoreError, match="damaged"):
        fmtools.answer("What does a ticket cost?", index="town")
    fmtools.index(remove="town")
    assert indexes.names(shared_store) == []
    with pytest.raises(DataError, match="no knowledge base yet"):
        fmtools.answer("What does a ticket cost?")
