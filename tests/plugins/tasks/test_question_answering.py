"""question-answering on a tiny encoder, trained for real: who lives where, in texts that say it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import fmtools
from support import records

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_store")]
PEOPLE, PLACES = "Anna Bob Carl Dora Emil".split(), "Paris Rome Berlin London Oslo".split()
SMALL: dict[str, Any] = {
    "epochs": 4, "batch_size": 16, "learning_rate": 2e-3, "head_learning_rate": 5e-3, "max_length": 48, "precision": "fp32",
    "inline": True, "watch_every": 0,
}  # fmt: skip


def rows(count: int, unanswerable: bool = False) -> list[dict[str, Any]]:
    chance, found = random.Random(4), []
    for number in range(count):
        (who, other), (place, away) = chance.sample(PEOPLE, 2), chance.sample(PLACES, 2)
        said = [f"{who} lives in {place}.", f"{other} lives in {away}."]
        context = " ".join([*(said if number % 2 else said[::-1]), f"Number {number}."])
        context = f"So says Smith: {context}"
        answers = {"text": [place], "answer_start": [context.index(place)]}
        if unanswerable and number % 3 == 2:
            who, answers = "no one", {"text": [], "answer_start": []}
        found.append({"id": str(number), "context": context, "question": f"Where does {who} live?", "answers": answers})
    return found


def train(tiny: Path, **options: Any) -> fmtools.Run:
    return fmtools.train("question-answering", **{"model": str(tiny), "data": rows(240), **SMALL, **options})


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny, watch_every=20)


def test_it_learns_more_than_its_baseline_and_scores_the_published_folder(run: fmtools.Run) -> None:
    base = fmtools.baseline(rows(240), task="question-answering")
    assert run.status == "done"
    assert run.metrics["f1"] >= run.metrics["exact_match"] > base.metrics["exact_match"]
    assert run.evaluate().metrics == pytest.approx(run.metrics)
    assert {"validation/f1", "validation/loss"} <= set(run.history)
    assert any(record["type"] == "attention" for record in records(run))
    assert not [r for r in records(run) if r["type"] == "notice" and r["level"] == "warning"]


def test_answers_are_the_hubs_and_stand_in_their_context(run: fmtools.Run) -> None:
    context = "Bob lives in Oslo. " * 40 + "Anna lives in Rome."
    found = fmtools.predict(run.id, question=["Where does Anna live?", "Where does Bob live?"], context=context, top=2)
    for row in found.rows:
        assert context[row["start"] : row["end"]] == row["answer"] != ""
        assert 0 < row["top"][1]["score"] <= row["score"] <= 1
    assert "[" in found.text()
    assert "<mark" in found.html()
    assert len(fmtools.predict(run.id, data=rows(7)).rows) == 7
    empty = [{"question": "Anyone?", "context": None}]
    assert fmtools.predict(run.id, data=empty).rows[0]["answer"] == ""


def test_plain_transformers_reads_the_folder(run: fmtools.Run) -> None:
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    folder = run.path / "artifacts" / "model"
    model, words = AutoModelForQuestionAnswering.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    row = rows(1)[0]
    batch = words(row["question"], row["context"], return_tensors="pt", return_offsets_mapping=True)
    places, sides = batch.pop("offset_mapping")[0].tolist(), batch.sequence_ids(0)
    with torch.no_grad():
        out = model(**batch)
    inside = [i for i, side in enumerate(sides) if side == 1]
    pairs = [(out.start_logits[0, a] + out.end_logits[0, b], a, b) for a in inside for b in inside if a <= b]
    _, a, b = max(pairs)
    said = fmtools.predict(run.id, question=[row["question"]], context=row["context"]).rows[0]
    assert said["answer"] == row["context"][places[a][0] : places[b][1]]


def test_questions_without_an_answer_are_left_unanswered(tiny: Path) -> None:
    run = train(tiny, data=rows(240, unanswerable=True))
    assert run.metrics["no_answer_exact_match"] > 80
    assert (
        fmtools.predict(run.id, question=["Where does no one live?"], context=rows(1)[0]["context"]).rows[0]["answer"]
        == ""
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "lora"},
        {"method": "last-layers", "train_layers": 1},
        {"method": "head"},
        {"from_scratch": True, "model": "bert", "width": 32, "heads": 2, "layers": 1, "tokenizer": "words"},
    ],
)
def test_every_method_trains_and_answers(tiny: Path, asked: dict[str, Any]) -> None:
    run = train(tiny, data=rows(64), epochs=1, watch_every=2, **asked)
    assert run.status == "done"
    assert {"exact_match", "f1"} <= set(run.metrics)
    assert any(record["type"] == "attention" for record in records(run))
    row = fmtools.predict(run.id, question=["Where?"], context="In Rome.").rows[0]
    assert row["answer"] in "In Rome."
