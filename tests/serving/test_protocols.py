"""The Open Inference Protocol and OpenAI's routes, as their clients ask them; and whatever a generator comes up with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import serving_models
from fmtools.core import registry


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("vectors")
    source = serving_models.trained("sentence-similarity", root / "model")
    loaded = registry.get("tasks", "sentence-similarity").load(source)
    return serving_models.write("sentence-similarity", loaded, source, root / "onnx", max_length=40)


def _tensor(name: str, kind: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": kind, "shape": shape, "data": data}


def test_open_inference_takes_texts_and_tensors(classifier: Path, start: Callable[..., Any]) -> None:
    server = start(classifier, name="mine")
    http = server.http
    assert http.get("/v2/health/live").json() == {"live": True}
    assert http.get("/v2/health/ready").json() == {"ready": True}
    about = http.get("/v2/models/mine").json()
    assert about["platform"] == "onnxruntime_onnx"
    assert {"name": "text", "datatype": "BYTES", "shape": [-1]} in about["inputs"]
    assert http.get("/v2/models/mine/ready").json()["ready"] is True
    assert http.get("/v2/models/other").status_code == 404

    texts = ["a text", "another"]
    told = http.post("/v2/models/mine/infer", json={"id": "7", "inputs": [_tensor("text", "BYTES", [2], texts)]}).json()
    outputs = {one["name"]: one["data"] for one in told["outputs"]}
    plain = server.predict(texts).json()["predictions"]
    assert told["id"] == "7"
    assert outputs["label"] == [row["label"] for row in plain]
    assert [json.loads(row) for row in outputs["prediction"]] == plain

    ids = [[101, 1037, 3793, 102]]
    inputs = [
        _tensor("input_ids", "INT64", [1, 4], ids),
        _tensor("attention_mask", "INT64", [1, 4], [1, 1, 1, 1]),
        _tensor("token_type_ids", "INT64", [1, 4], [0, 0, 0, 0]),
    ]
    raw = http.post("/v2/models/mine/infer", json={"inputs": inputs, "outputs": [{"name": "logits"}]}).json()
    (logits,) = raw["outputs"]
    assert (logits["datatype"], logits["shape"]) == ("FP32", [1, 5])
    best = serving_models.TAGS[max(range(5), key=logits["data"].__getitem__)]
    assert best == server.predict("a text").json()["predictions"][0]["label"]
    wrong = [
        ([_tensor("text", "BYTES", [3], texts)], "inputs.0.data"),
        ([_tensor("text", "BYTES", [2], ["a", 1])], "inputs.0.data"),
        ([_tensor("words", "BYTES", [2], texts)], "inputs"),
        (inputs[:2], "inputs"),
        ([_tensor("input_ids", "INT64", [1, 4], [10**9] * 4), *inputs[1:]], "inputs"),
        ([{"name": "text"}], "inputs.0.shape"),
    ]
    for sent, field in wrong:
        answer = http.post("/v2/models/mine/infer", json={"inputs": sent})
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
        assert isinstance(answer.json()["error"], str)  # as the protocol has it


@pytest.mark.slow
def test_embeddings_as_openai_gives_them(vectors: Path, start: Callable[..., Any]) -> None:
    import base64

    import numpy as np

    server = start(vectors, name="vectors")
    texts = ["a cat", "a dog on the mat"]
    answer = server.http.post("/v1/embeddings", json={"input": texts, "model": "any"}).json()
    assert [one["index"] for one in answer["data"]] == [0, 1]
    found = np.array([one["embedding"] for one in answer["data"]])
    assert np.allclose((found**2).sum(-1), 1.0, atol=1e-5)
    packed = server.http.post("/v1/embeddings", json={"input": texts[0], "encoding_format": "base64"}).json()
    assert np.allclose(np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), "<f4"), found[0], atol=1e-6)
    asked = server.http.post("/v1/embeddings", json={"input": "a cat", "input_type": "query"}).json()["data"][0]
    told = server.predict("a cat").json()["predictions"][0]["embedding"]
    assert np.allclose(asked["embedding"], told, atol=1e-6)  # behind the same prompt
    assert not np.allclose(asked["embedding"], found[0], atol=1e-3)
    short = server.http.post("/v1/embeddings", json={"input": "a cat", "dimensions": 8}).json()["data"][0]["embedding"]
    assert len(short) == 8
    assert answer["usage"]["total_tokens"] > 4
    assert server.http.get("/v1/models").json()["data"][0]["id"] == "vectors"
    assert (
        server.http.post("/v1/embeddings", json={"input": "a", "dimensions": 99}).json()["error"]["param"]
        == "dimensions"
    )


@pytest.mark.slow
def test_no_request_that_a_schema_allows_or_forbids_makes_a_fault(classifier: Path, start: Callable[..., Any]) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    server = start(classifier, name="mine")
    schema = schemathesis.openapi.from_dict(server.http.get("/openapi.json").json())
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = [one.ok().as_strategy(generation_mode=mode) for one in schema.get_all_operations() for mode in modes]
    seen: list[int] = []

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(cases))
    def ask(case: Any) -> None:
        heads = dict(server.http.headers)
        response = case.call(base_url=str(server.http.base_url), headers={"Authorization": heads["authorization"]})
        seen.append(response.status_code)
        assert response.status_code < 500, (case.method, case.path, case.body, response.text)

    ask()
    assert len(seen) >= 200
    assert 200 in seen
    assert 422 in seen
    assert server.state["restarts"] == 0
