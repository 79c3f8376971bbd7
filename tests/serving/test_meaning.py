"""Where vectors lie: counted beside the texts' other counts, by the planes that the model's card names; no vector is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import serving_models
from fmtools.core import registry
from fmtools.kit.drift import counts as drift
from fmtools.kit.drift import reference as drift_reference
from fmtools.store import windows
from support import until

from .conftest import Server

TASK = "sentence-similarity"
TEXTS = [
    f"{verb} the {thing}" for verb in ("buy", "sell", "lose", "find") for thing in ("lamp", "song", "cat", "train")
]


@pytest.mark.slow
def test_vectors_are_counted_where_the_reference_s_are(tmp_path: Path, start: Callable[..., Server]) -> None:
    source = serving_models.trained(TASK, tmp_path / "model")
    task = registry.get("tasks", TASK)
    loaded = task.load(source)
    training = drift_reference.of(task, loaded, pa.table({"text": TEXTS}), {})["training"]
    assert len(training["centre"]) == 4
    assert sum(training["meaning"].values()) == len(TEXTS)
    model = serving_models.write(TASK, loaded, source, tmp_path / "onnx", max_length=40, training=training)
    folder = tmp_path / "windows"
    server = start(model, windows=str(folder))
    assert server.predict(TEXTS[:6]).status_code == 200
    for kind, texts in (("query", TEXTS[6:]), ("passage", ["not counted: it has another prompt in front"])):
        answer = server.http.post("/v1/embeddings", json={"model": "tiny", "input": texts, "input_type": kind})
        assert answer.status_code == 200
    windows.ask(folder)
    until(lambda: windows.read(folder)[0])
    (window,), _ = windows.read(folder)
    assert window["tally"]["rows"] == len(TEXTS) + 1
    assert (
        window["tally"]["meaning"] == training["meaning"]
    )  # the exported model's vectors are those of the trained one
    assert "embedding" not in json.dumps(window)
    found = {one["kind"]: one for one in drift.compare(training, window["tally"])}
    assert (found["meaning"]["psi"], found["meaning"]["p"]) == (0.0, 1.0)
