"""Which source takes what: by ending, by content, by name, and in what order they are asked."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError, FmError
from fmtools.stages.data import load

SQUAD = {
    "data": [{"title": "", "paragraphs": [{"context": "a b", "qas": [{"id": "1", "question": "?", "answers": []}]}]}]
}
FILES = {
    "rows.csv": "text,label\na,1\nb,2\n",
    "ner.tsv": "Ann\tB-PER\nran\tO\n\nBob\tB-PER\nsat\tO\n",
    "rows.tsv": "text\tlabel\na\t1\nb\t2\n",
    "squad.json": json.dumps(SQUAD),
    "rows.json": '[{"text": "a"}]',
    "ner.txt": "Ann B-PER\nran O\n\nBob B-PER\nsat O\n",
    "book.txt": "Call me Ishmael.\nSome years ago.\n",
    "deu.txt": "".join(f"Go {n} home.\tGeh {n} heim.\n" for n in range(9)),
    "pair/x.en": "a\nb\n",
    "pair/x.zh": "c\nd\n",
    "imdb/train/pos/1.txt": "good",
    "imdb/train/neg/1.txt": "bad",
}
TASKS = {
    "rows.csv": "", "ner.tsv": "token-classification", "rows.tsv": "", "squad.json": "question-answering", "rows.json": "",
    "ner.txt": "token-classification", "book.txt": "", "deu.txt": "translation", "pair": "translation",
    "pair/x.en,pair/x.zh": "translation", "imdb": "text-classification",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("reference", TASKS)
def test_content_decides_between_readers(folder: Path, reference: str) -> None:
    data = load(reference)
    assert data.task == TASKS[reference]
    assert data.read == sum(data.rows.values()) + sum(data.dropped.values())


def test_packed_files_go_by_what_is_in_them(folder: Path) -> None:
    with zipfile.ZipFile("any.zip", "w") as archive:
        archive.writestr("rows.csv", FILES["rows.csv"])
    Path("ner.txt.gz").write_bytes(gzip.compress(FILES["ner.txt"].encode()))
    assert load("any.zip").columns == ["text", "label"]
    assert load("ner.txt.gz").task == "token-classification"


def test_a_format_that_is_asked_for_wins(folder: Path) -> None:
    assert load("ner.tsv", reading=Reading(format="text")).columns == ["text"]
    assert load("rows.tsv", reading=Reading(format="parallel")).columns == ["source", "target"]
    assert load("book.txt", reading=Reading(format="csv", columns=("line",))).rows == {"all": 2}


@pytest.mark.parametrize(
    ("reference", "reading", "message"),
    [
        ("rows.csv", {"format": "cvs"}, "Did you mean csv?"),
        ("rows.csv", {"format": "intents"}, "that is no reader of files"),
        ("rows.csv", {"format": "frame"}, "that is no reader of files"),
        ("rows.csv", {"format": "excel"}, "cannot be read as a file of sheets"),
        ("rows.csv", {"format": "squad"}, "rows.csv:1: "),
        ("rows.csv", {"encoding": "utf-99"}, "There is no encoding 'utf-99'"),
        ("row.csv", {}, "Did you mean rows.csv?"),
        ("nowhere/rows.csv", {}, "There is no folder nowhere"),
        ("pair/x.en,pair/y.zh", {}, "There is no file"),
        ("pair/x.en", {}, "Nothing here reads '.en'"),
        ("bad.zip", {}, "bad.zip cannot be unpacked"),
        ("empty", {}, "Name a file, or another folder"),
        ("\ud800/x.csv", {}, "no"),
        ("~nobody/x.csv", {}, "no"),
    ],
)
def test_errors_name_cause_and_cure(folder: Path, reference: str, reading: dict[str, str], message: str) -> None:
    Path("bad.zip").write_bytes(b"PK\x03\x04 no archive")
    Path("empty").mkdir()
    with pytest.raises(FmError) as caught:
        load(reference, reading=Reading(**reading))
    assert message in str(caught.value)
    assert caught.value.cure


def test_a_registered_name_goes_before_the_hub(folder: Path) -> None:
    asked = []

    def stored(name: str) -> None:
        asked.append(name)

    with pytest.raises(DataError):
        load("mine", stored)
    assert asked == ["mine"]
