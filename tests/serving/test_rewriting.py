"""Translation and summarization behind HTTP: the texts of `fmtools predict`, greedy and by beams."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import rewriting_models as models
from fmtools.core import registry
from fmtools.core.options import PredictOptions
from fmtools.kit.bundles import facts
from fmtools.kit.drift import reference
from fmtools.kit.drift.counts import compare
from fmtools.kit.exporting import rewriters, standing_in
from fmtools.serving.model import Model
from fmtools.serving.problems import BadArtifact, Problem
from fmtools.serving.reading.tally import Tally
from fmtools.serving.settings import Settings
from fmtools.serving.tasks.base import Asked, rows_of

pytestmark = pytest.mark.slow
WAYS: tuple[dict[str, Any], ...] = (
    {}, {"max_new_tokens": 7}, {"beams": 3, "top": 2}, {"beams": 4, "max_new_tokens": 9},
)  # fmt: skip
#: Rules that published models have.
RULES = {
    "num_beams": 2, "length_penalty": 0.6, "no_repeat_ngram_size": 2, "min_length": 6, "forced_eos_token_id": 2, "bad_words_ids": [[9], [8, 7]],
    "forced_bos_token_id": 10, "begin_suppress_tokens": [12], "suppress_tokens": [11],
}  # fmt: skip


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    root = tmp_path_factory.mktemp("marian")
    return models.written("translation", models.saved("translation", root / "model"), root / "onnx")


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    root = tmp_path_factory.mktemp("t5")
    source = models.saved("summarization", root / "model", "t5", prefix="six: ")
    return models.written("summarization", source, root / "onnx")


def predicted(folder: Path, **body: Any) -> list[dict[str, Any]]:
    model, asked = Model.load(Settings(str(folder))), Asked(text=models.TEXTS, **body)
    return asyncio.run(model.predict(rows_of(model.handler, asked), asked.top, time.monotonic() + 60, asked))


def told(task: str, loaded: Any, **how: Any) -> list[dict[str, Any]]:
    rows = [{"text": text} for text in models.TEXTS]
    found: list[dict[str, Any]] = registry.get("tasks", task).predict(
        loaded, rows, PredictOptions.parse({"run": "last", **how})
    )
    return found


def assert_same(found: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    """Compare answers: texts exactly, scores to 1e-4."""
    key = next(name for name in truth[0] if name.endswith("_text"))
    assert [row[key] for row in found] == [row[key] for row in truth]
    assert len({row[key] for row in truth}) > 3  # the model says something else to most texts
    for one, other in zip(found, truth, strict=True):
        assert one.keys() == other.keys()
        for mine, theirs in zip(one.get("top", []), other.get("top", []), strict=True):
            assert mine == {key: theirs[key], "score": pytest.approx(theirs["score"], rel=1e-4)}


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("case", ["marian", "t5"])
def test_texts_are_those_of_predict(case: str, how: dict[str, Any], request: pytest.FixtureRequest) -> None:
    loaded, folder = request.getfixturevalue(case)
    task = json.loads((folder / "fmtools.json").read_text())["task"]
    truth = told(task, loaded, **how)
    assert_same(predicted(folder, **how), truth)
    with standing_in.answered(task, loaded, folder, 1):
        assert_same(told(task, loaded, **how), truth)


def test_a_model_keeps_to_its_own_rules(tmp_path: Path, marian: tuple[Any, Path]) -> None:
    folder = shutil.copytree(marian[1], tmp_path / "onnx")
    loaded = registry.get("tasks", "translation").load(marian[1].parent / "model")
    models.ruled(loaded, folder, **RULES)
    plain = told("translation", marian[0])
    for how in WAYS:
        truth = told("translation", loaded, **how)
        assert_same(predicted(folder, **how), truth)
        assert [row["translation_text"] for row in truth] != [row["translation_text"] for row in plain]
    models.ruled(loaded, folder, sequence_bias=[[[5], 2.0]])
    with pytest.raises(BadArtifact, match="sequence_bias"):
        Model.load(Settings(str(folder)))


def test_a_decoder_without_a_cache_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriters, "_shapes", lambda inner: [])
    loaded, folder = models.written("translation", models.saved("translation", tmp_path / "model"), tmp_path / "onnx")
    assert "past" not in (folder / "fmtools.json").read_text()
    for how in ({}, {"beams": 3}):
        truth = told("translation", loaded, **how)
        assert_same(predicted(folder, **how), truth)
        with standing_in.answered("translation", loaded, folder, 2):
            assert_same(told("translation", loaded, **how), truth)


def test_a_model_of_many_languages_keeps_to_its_two(tmp_path: Path) -> None:
    loaded, folder = models.written("translation", models.spoken(tmp_path / "model"), tmp_path / "onnx")
    truth = told("translation", loaded)
    assert_same(predicted(folder), truth)
    first = loaded[1].convert_tokens_to_ids("es_XX")
    for name, value in (("forced_bos_token_id", first + 1), ("begin_suppress_tokens", None)):
        models.ruled(loaded, folder, **{name: value})
    assert predicted(folder) != truth  # another language to go to: another text


def test_over_http_in_every_way_of_asking(marian: tuple[Any, Path], start: Callable[..., Any]) -> None:
    loaded, folder = marian
    server = start(folder, name="es")
    truth = [row["translation_text"] for row in told("translation", loaded)]
    found = server.predict(models.TEXTS).json()["predictions"]
    assert [row["translation_text"] for row in found] == truth
    plain = server.http.post("/predict", content=models.TEXTS[0], headers={"Content-Type": "text/plain"}).json()
    assert plain["predictions"] == [{"text": models.TEXTS[0], "translation_text": truth[0]}]
    best = server.predict("red", beams=3, top=2, max_new_tokens=5).json()["predictions"][0]
    assert len(best["top"]) == 2
    assert best["score"] >= best["top"][1]["score"]

    inputs = [{"name": "text", "shape": [2], "datatype": "BYTES", "data": models.TEXTS[:2]}]
    answer = server.http.post("/v2/models/es/infer", json={"inputs": inputs, "parameters": {"beams": 2}}).json()
    outputs = {one["name"]: one["data"] for one in answer["outputs"]}
    beams = told("translation", loaded, beams=2)[:2]
    assert outputs["translation_text"] == [row["translation_text"] for row in beams]
    about = server.http.get("/v2/models/es").json()
    assert [one["name"] for one in about["inputs"]] == ["text"]
    assert [one["name"] for one in about["outputs"]] == ["prediction", "translation_text"]
    assert about["properties"] == {"source_language": "en", "target_language": "es"}
    ids = [{"name": "input_ids", "shape": [1, 2], "datatype": "INT64", "data": [5, 6]}]
    for refused, field in (
        (server.predict("red", pair="blue"), "pair"),
        (server.predict("red", beams=99), "beams"),
        (server.predict([]), "text"),
    ):
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, field), refused.text
    assert server.http.post("/v2/models/es/infer", json={"inputs": ids}).json()["field"] == "inputs"
    assert server.http.post("/v1/completions", json={"prompt": "red"}).json()["error"]["param"] == "model"
    counted = server.http.get("/metrics").text
    assert "fmtools_tokens_total" in counted
    asked = server.http.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]
    assert "beams" in asked["content"]["application/json"]["schema"]["properties"]


def test_a_deadline_ends_the_writing(tmp_path: Path, t5: tuple[Any, Path], start: Callable[..., Any]) -> None:
    folder = shutil.copytree(t5[1], tmp_path / "onnx")
    models.ruled(registry.get("tasks", "summarization").load(t5[1].parent / "model"), folder, min_length=8000)
    server = start(folder, deadline=60.0)
    for beams in (1, 4):
        began = time.monotonic()
        late: httpx.Response = server.http.post(
            "/predict",
            json={"text": models.TEXTS * 4, "max_new_tokens": 8000, "beams": beams},
            headers={"X-Request-Deadline": "0.5"},
        )
        assert late.status_code == 504, late.text
        assert time.monotonic() - began < 10
        # Nobody goes on writing for it: the next one has the thread at once.
        assert server.predict("red", max_new_tokens=2).elapsed.total_seconds() < 10


def test_lengths_of_both_sides_are_counted_as_at_the_export(marian: tuple[Any, Path]) -> None:
    import pyarrow as pa

    loaded, folder = marian
    rows = pa.table({"source": models.TEXTS, "target": [""] * len(models.TEXTS)})
    counts = reference.of(registry.get("tasks", "translation"), loaded, rows, {})["training"]
    tally = Tally()
    for answer in predicted(folder):
        tally.add({"text": answer["text"]}, answer)
    assert tally.to_json() == counts
    assert counts["rows"] == sum(counts["written"].values()) == len(models.TEXTS)
    kinds = {one["kind"]: one for one in compare(counts, tally.to_json())}
    assert {"length", "written", "script", "words"} == kinds.keys()


def test_a_bundle_says_how_it_is_asked(marian: tuple[Any, Path]) -> None:
    folder = marian[1]
    card = json.loads((folder / "fmtools.json").read_text())
    values = facts.of(card, folder)
    assert values["path"] == "/predict"
    assert predicted(folder)[0].keys() > values["body"].keys() == {"text"}
    assert values["languages"] == "en → es"


def test_a_classifier_is_not_asked_how_to_write(classifier: Path) -> None:
    model = Model.load(Settings(str(classifier)))
    with pytest.raises(Problem) as refused:
        rows_of(model.handler, Asked(text="red", beams=2))
    assert (refused.value.status, refused.value.field) == (422, "beams")
