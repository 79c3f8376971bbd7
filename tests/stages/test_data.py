from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.kit.recipes.profile import describe
from fmtools.stages.data import file_endings, known_names, load

LINES = "text,label\n" + "".join(f"this is sentence {n},{'ab'[n % 2]}\n" for n in range(20))


def test_known_names_and_endings() -> None:
    assert {"intents", "intents-zh", "reviews"} <= set(known_names())
    assert {".csv", ".tsv", ".jsonl", ".json", ".parquet", ".arrow"} <= set(file_endings())


def test_by_name_path_folder_and_object(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(LINES)
    Path("folder").mkdir()
    Path("folder/train.csv").write_text(LINES)
    assert load("intents").name == "intents"
    assert load("rows.csv").rows == load(tmp_path / "rows.csv").rows == load("./rows.csv").rows == {"all": 20}
    assert load("folder").rows == load("folder/").rows == {"train": 20}
    assert load([{"text": "a", "label": "b"}]).rows == {"all": 1}


def test_a_path_with_a_tilde(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "rows.csv").write_text(LINES)
    assert load("~/rows.csv").rows == {"all": 20}


def test_registered_names_are_asked_after_built_in_ones() -> None:
    asked = []

    def stored(name: str) -> Dataset | None:
        asked.append(name)
        return Dataset("mine", {"all": pa.table({"a": [1]})}) if name.startswith("mine") else None

    assert load("mine", stored).name == "mine"
    assert load("mine@3f", stored).name == "mine"
    assert load("intents", stored).name == "intents"
    with pytest.raises(DataError):
        load("nowhere/rows.csv", stored)
    assert asked == ["mine", "mine@3f"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("intent", "Did you mean intents?"),
        ("Revews", "Did you mean reviews?"),
        ("rows", "Did you mean rows.csv?"),
        ("rowz.csv", "Did you mean rows.csv?"),
        ("", "Known names: "),
        ("qqqqqq", "Known names: "),
        ("notes.docx", "There is no data set and no file named 'notes.docx'"),
        ("here.docx", "Nothing here reads '.docx'"),
        ("empty", "has no file named train"),
        (".", "rows.csv: name one of them"),
        ("x" * 5000, "There is no data set"),
        ("a\0b.csv", "There is no file"),
        (7, "An object of type int cannot be used as data"),
        (None, "An object of type NoneType"),
        ([], "An object of type list"),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, monkeypatch, reference: object, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(LINES)
    Path("here.docx").write_text("x")
    Path("empty").mkdir()
    with pytest.raises(DataError) as caught:
        load(reference)
    assert message in str(caught.value)
    assert caught.value.cure


def test_describe() -> None:
    train = pa.table({"text": ["a b", "A  b", "c", None], "label": [1, 1, 0, None]})
    test = pa.table({"text": ["C", "d" * 400], "label": [0, 2]})
    data = Dataset(
        "tiny", {"train": train, "test": test}, "somewhere", notices=["read as GB18030"], read=7, dropped={"x": 1}
    )
    card = describe(data, rows=2)
    assert json.loads(json.dumps(card)) == card
    assert card["rows"] == {"train": 4, "test": 2}
    assert card["columns"] == [
        {"name": "text", "type": "string", "missing": 1},
        {"name": "label", "type": "int64", "missing": 1},
    ]
    assert (card["text_column"], card["label_column"]) == ("text", "label")
    assert card["duplicates"] == {"within": 1, "between_splits": 1, "near": 0}
    assert card["text_length"] == {"shortest": 1, "median": 3, "p95": 400, "longest": 400}
    assert card["labels"] == [
        {"label": "0", "rows": {"train": 1, "test": 1}},
        {"label": "1", "rows": {"train": 2, "test": 0}},
        {"label": "2", "rows": {"train": 0, "test": 1}},
        {"label": "(none)", "rows": {"train": 1, "test": 0}},
    ]
    assert card["examples"] == [{"text": "a b", "label": "1"}, {"text": "A  b", "label": "1"}]
    assert card["notices"][0] == "read as GB18030"
    assert (card["read"], card["dropped"]) == (7, {"x": 1})


def test_describe_says_when_columns_cannot_be_guessed() -> None:
    card = describe(Dataset("odd", {"all": pa.table({"n": [1.5, 2.5]})}))
    assert card["text_column"] is None
    assert card["labels"] == []
    assert "No column can be the text" in card["notices"][0]
    only_text = describe(Dataset("odd", {"all": pa.table({"text": [f"row {n}" for n in range(9)]})}))
    assert (only_text["text_column"], only_text["label_column"]) == ("text", None)


def test_long_examples_are_cut() -> None:
    card = describe(Dataset("long", {"all": pa.table({"text": ["x" * 9999], "label": ["a"]})}))
    assert len(card["examples"][0]["text"]) == 300


@pytest.mark.parametrize("name", ["intents", "rows.csv", "rows.jsonl"])
def test_small_sets_load_without_heavy_imports(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.csv").write_text(LINES)
    (tmp_path / "rows.jsonl").write_text('{"text": "hello you", "label": 1}\n{"text": "bye you", "label": 0}\n' * 9)
    code = (
        "import sys; from fmtools.stages.data import load; from fmtools.kit.recipes.profile import describe; describe(load(sys.argv[1]));"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, name], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
