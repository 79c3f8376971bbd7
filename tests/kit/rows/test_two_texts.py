from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from fmtools.core import registry
from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError, FmError
from fmtools.core.options import PredictOptions, TrainOptions
from fmtools.kit.rows import two_texts
from fmtools.kit.rows.two_columns import flattened, guess


def frame(rows: Any) -> Dataset:
    data: Dataset = registry.get("sources", "frame").load(rows)
    return data


def options(**given: Any) -> TrainOptions:
    return TrainOptions(task="translation", data="x", **given)


def pairs(count: int, **names: str) -> list[dict[str, Any]]:
    a, b = names.get("source", "source"), names.get("target", "target")
    return [{"id": str(i), a: f"source text number {i}", b: f"texto {i}"} for i in range(count)]


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (("source", "target"), ("source", "target")),
        (("target", "source"), ("source", "target")),
        (("en", "zh"), ("en", "zh")),
        (("en_XX", "fr_XX"), ("en_XX", "fr_XX")),
        (("id", "article", "highlights"), ("article", "highlights")),
        (("summary", "document"), ("document", "summary")),
        (("title", "text"), ("text", "title")),
        (("question", "answer"), ("question", "answer")),
        (("left", "right"), ("left", "right")),
        (("原文", "译文"), ("原文", "译文")),
    ],
)
def test_columns_are_guessed(columns: tuple[str, ...], found: tuple[str, str]) -> None:
    names = guess(pa.table({name: ["some words"] * 3 for name in columns}), None, None)
    assert (names.source, names.target) == found
    assert repr(found[0]) in names.notices[0]


def test_of_nameless_columns_the_shorter_is_the_summary() -> None:
    table = pa.table({"b": ["short"] * 3, "a": ["a much longer text than that"] * 3})
    assert guess(table, None, None, shorter_target=True).source == "a"
    assert guess(table, None, None).source == "b"


def test_a_struct_of_languages_becomes_two_columns() -> None:
    table = pa.table({"id": [1, 2, 3], "translation": [{"en": "a", "fr": "b"}, None, {"en": "c", "fr": None}]})
    flat = flattened(table)
    assert flat["en"].to_pylist() == ["a", None, "c"]
    names = guess(flat, None, None)
    assert (names.source, names.target, names.languages) == ("en", "fr", ["en", "fr"])
    assert guess(flat, "fr", "en").languages == ["fr", "en"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text_column": "sorce"}, "Did you mean 'source'?"),
        ({"text_column": "source", "label_column": "source"}, "both the source and the target"),
        ({"label_column": "n"}, "holds no texts"),
    ],
)
def test_a_wrong_column_is_one_clear_sentence(given: dict[str, str], said: str) -> None:
    data = frame([{**row, "n": 3} for row in pairs(5)])
    with pytest.raises(DataError) as caught:
        two_texts.prepare(data, options(**given))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "one"}, {"text": "two"}], "no two columns"),
        ([{"source": "a", "target": None}, {"source": None, "target": "b"}], "No row has both"),
        ([{"source": "same", "target": f"{i}"} for i in range(9)], "same source"),
        (
            [{"review": f"text {i}", "score": "pos" if i % 2 else "neg"} for i in range(60)],
            "'score'.* labels and no texts",
        ),
    ],
)
def test_data_that_cannot_be_used(rows: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        two_texts.prepare(frame(rows), options())


def test_rows_are_accounted_for_and_no_source_is_on_both_sides() -> None:
    rows = [*pairs(40), *pairs(40), {"source": " ", "target": "x"}, {"source": "y", "target": None}]
    prepared = two_texts.prepare(frame(rows), options())
    train, held = (prepared.splits[name]["source"].to_pylist() for name in ("train", "validation"))
    assert len(train) + len(held) == 80
    assert not set(train) & set(held)
    assert any(text.startswith("2 rows without source or target were left out") for text in prepared.notices)
    assert prepared.splits == two_texts.prepare(frame(rows), options()).splits


def test_own_splits_are_kept_and_leaks_are_said() -> None:
    data = frame({"train": pairs(20), "test": pairs(25)[15:]})
    prepared = two_texts.prepare(data, options())
    assert prepared.splits["test"].num_rows == 10
    assert any("test sources also stand in the training rows" in text for text in prepared.notices)


def test_other_data_are_aligned_by_name_or_anew() -> None:
    meta = two_texts.prepare(frame(pairs(20)), options()).meta
    again = two_texts.align(frame(pairs(4, source="en", target="es")), meta)
    assert again.splits["all"].column_names == ["source", "target"]
    with pytest.raises(DataError):
        two_texts.align(frame([{"en": "only"}]), meta)


def test_inputs_are_typed_texts_and_then_rows() -> None:
    meta = {"text_column": "source"}
    asked = PredictOptions(text=["typed"], data="x")
    found = two_texts.inputs(asked, frame([{"translation": {"en": "a", "fr": "b"}}, {"translation": None}]), meta)
    assert found == [{"text": "typed"}, {"text": "a"}, {"text": ""}]
    with pytest.raises(FmError, match="nothing to write from"):
        two_texts.inputs(PredictOptions(), None, meta)


def test_meta_is_plain_json() -> None:
    meta = two_texts.prepare(frame(pairs(20, source="en", target="zh")), options()).meta
    assert json.loads(json.dumps(meta)) == meta
    assert meta["languages"] == ["en", "zh"]
