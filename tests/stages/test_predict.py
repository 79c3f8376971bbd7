"""Questions to a trained model, asked where the worker asks them."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

import fmtools
from fmtools.core.errors import ModelError, StoreError
from fmtools.stages import predict
from support import train

pytestmark = pytest.mark.slow
TASK = "text-classification"


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny, inline=True)


def folder(run: fmtools.Run) -> str:
    return str(run.path / "artifacts/model")


def test_no_texts_no_answers(run: fmtools.Run) -> None:
    assert predict.predict(TASK, folder(run), [], {}) == {"predictions": []}


def test_top_is_bounded_by_the_labels(run: fmtools.Run) -> None:
    (answer,) = predict.predict(TASK, folder(run), [{"text": "good day"}], {"top": 99})["predictions"]
    assert len(answer["top"]) == 3
    (answer,) = predict.predict(TASK, folder(run), [{"text": "good day"}], {"top": 1})["predictions"]
    assert len(answer["top"]) == 1


def test_batches_change_no_score(run: fmtools.Run) -> None:
    reference, root = run.view.run.record.dataset, str(run.path.parents[1])
    scores = [predict.evaluate(TASK, folder(run), reference, root, "validation", size) for size in (1, 3, 64)]
    assert scores[0]["rows"] == scores[2]["rows"] == run.head.rows["validation"]
    assert scores[0]["confusion"] == scores[1]["confusion"] == scores[2]["confusion"]
    assert scores[0]["metrics"] == pytest.approx(scores[2]["metrics"], abs=1e-5)


def test_attention_travels_as_bytes(run: fmtools.Run) -> None:
    answer = predict.attention(TASK, folder(run), "good day", True)
    n = len(answer["tokens"])
    weights = np.frombuffer(base64.b64decode(answer["data"]), np.uint8).reshape(2, 2, n, n)
    assert answer["tokens"] == ["[CLS]", "good", "day", "[SEP]"]
    assert np.abs(weights.sum(-1) / 255 - 1).max() < 0.02


@pytest.mark.fault
def test_a_model_with_a_flipped_bit_is_not_asked(run: fmtools.Run, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "model"
    shutil.copytree(folder(run), copy)
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-5] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.safetensors differs from its checksum"):
        predict.predict(TASK, str(copy), [{"text": "good day"}], {})


@pytest.mark.fault
def test_stored_data_with_a_flipped_bit_are_not_scored(run: fmtools.Run) -> None:
    root = run.path.parents[1]
    reference = run.view.run.record.dataset
    path = root / "prepared" / reference.split("@")[1] / "validation.arrow"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="are damaged") as caught:
        predict.evaluate(TASK, folder(run), reference, str(root), "validation", 64)
    assert "Load the data again" in caught.value.cure


def test_what_a_worker_computes_on() -> None:
    seen = predict.hardware()
    assert set(seen) == {"torch", "device", "threads", "bf16"}
    assert seen["threads"] >= 1
