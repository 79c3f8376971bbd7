"""SQuAD files: offsets are checked, put right where that is certain, and what is lost is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.jsonl import JsonlSource
from fmtools.plugins.sources.squad import SquadSource

CONTEXT = "Bonn is a city on the Rhine. Köln is a city, too."


def entry(number: int, text: str, start: Any) -> dict[str, Any]:
    return {"id": f"q{number}", "question": "Which?", "answers": [{"text": text, "answer_start": start}]}


def write(path: Path, entries: list[Any], **more: Any) -> Path:
    whole = {
        "version": "2.0",
        "data": [{"title": "Bonn", "paragraphs": [{"context": CONTEXT, "qas": entries}]}],
        **more,
    }
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def test_rows_are_the_hubs(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.json",
        [entry(1, "Bonn", 0), {"id": "q2", "question": "Who?", "answers": [], "is_impossible": True}],
    )
    assert SquadSource().accepts(path)
    assert not JsonlSource().accepts(path)
    data = SquadSource().load(path)
    assert data.task == "question-answering"
    assert data.splits["all"].to_pylist() == [
        {"id": "q1", "title": "Bonn", "context": CONTEXT, "question": "Which?", "answers": {"text": ["Bonn"], "answer_start": [0]}},
        {"id": "q2", "title": "Bonn", "context": CONTEXT, "question": "Who?", "answers": {"text": [], "answer_start": []}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said", "start"),
    [("Rhine", 20, 22), ("Köln", 0, 29), ("Köln", None, 29), ("Rhine", -1, 22), ("Rhine", "22", 22), ("Rome", 3, None), ("city", 9, None), ("", 0, None)],
)  # fmt: skip
def test_wrong_offsets(tmp_path: Path, text: str, said: Any, start: int | None) -> None:
    path = write(tmp_path / "x.json", [entry(1, "Bonn", 0), entry(2, text, said)])
    data = SquadSource().load(path)
    line = next(n for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if '"q2"' in line)
    answers = [row["answers"]["answer_start"] for row in data.splits["all"].to_pylist()]
    assert data.read == 2
    assert answers == ([[0]] if start is None else [[0], [start]])
    assert [(drop.file, drop.line) for drop in data.drops] == ([("x.json", line)] if start is None else [])
    assert any(f"(line {line})" in notice for notice in data.notices)
    with pytest.raises(DataError, match=rf"x\.json:{line}: the first of the answers"):
        SquadSource().load(path, Reading(on_error="stop"))


def test_folder_of_versions(tmp_path: Path) -> None:
    write(tmp_path / "train-v2.0.json", [entry(1, "Bonn", 0)])
    write(tmp_path / "dev-v2.0.json", [entry(2, "Rhine", 22)])
    assert SquadSource().accepts(tmp_path)
    assert not JsonlSource().accepts(tmp_path)
    assert SquadSource().load(tmp_path).rows == {"train": 1, "validation": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"data": [{"paragraphs": [{"qas": [', r"x\.json:1: expecting value"),
        ('{"data": {}}', "no list of articles"),
        ('{"data": []}', "no questions"),
        ('{"data": [{"paragraphs": 1}]}', "1 of 1 rows are broken"),
        ("[" * 100_000, "no usable JSON|expecting value"),
    ],
)
def test_what_is_no_squad(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=message):
        SquadSource().load(tmp_path / "x.json")


def test_flat_rows_are_known_too(tmp_path: Path) -> None:
    row = {"context": CONTEXT, "question": "Which?", "answers": [{"text": "Bonn", "answer_start": 0}]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    data = JsonlSource().load(tmp_path / "x.jsonl")
    assert data.task == "question-answering"
    assert data.splits["all"]["answers"].to_pylist() == [{"text": ["Bonn"], "answer_start": [0]}]
