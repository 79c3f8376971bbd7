"""What an export says of the rows it held back: the counts that a server of the same model makes of the same texts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import serving_models
import support
from fmtools.core import registry
from fmtools.kit.drift import counts as drift
from fmtools.kit.drift import reference as drift_reference
from fmtools.serving.reading.tally import Tally


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if support.tokenizer_folder() is None:
        pytest.skip("the package with MiniLM's tokenizer is not installed")
    return serving_models.trained("text-classification", tmp_path_factory.mktemp("models") / "classifier")


def test_a_classifiers_rows_are_counted_as_a_server_counts_them(folder: Path) -> None:
    task = registry.get("tasks", "text-classification")
    loaded = task.load(folder)
    texts = [row["text"] for row in support.rows(120)]
    found = drift_reference.of(task, loaded, pa.table({"text": texts, "label": [0] * len(texts)}), {})["training"]
    assert found["rows"] == sum(found["label"].values()) == sum(found["score"].values()) == 120
    again = Tally()
    for text in texts:
        again.add({"text": text})
    assert {kind: found[kind] for kind in ("length", "script", "words")} == {
        kind: again.to_json()[kind] for kind in ("length", "script", "words")
    }
    assert not any(one["drifted"] or one["psi"] > 0 for one in drift.compare(found, found))


def test_tokens_are_counted_as_the_texts_they_stand_for() -> None:
    rows = pa.table({"tokens": [["我", "在", "上海"], ["好"]]})
    assert drift_reference._inputs(rows, {"division": "characters"}) == [{"text": "我在上海"}, {"text": "好"}]
    assert drift_reference._inputs(rows.slice(0, 1), {"division": "words"}) == [{"text": "我 在 上海"}]


def test_what_a_language_model_was_trained_on_is_not_what_it_is_asked() -> None:
    task = registry.get("tasks", "text-generation")
    assert drift_reference.of(task, None, pa.table({"text": ["once upon a time"]}), {}) == {}
