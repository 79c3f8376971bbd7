"""The baseline: frozen embeddings and a logistic regression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from fmtools.kit.models import encoders, frozen


def table(texts: list[str], labels: list[int]) -> pa.Table:
    return pa.table({"text": texts, "label": pa.array(labels, pa.int32())})


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(tiny: Path) -> None:
    model, tokenizer = encoders.load_base(str(tiny)), encoders.load_tokenizer(str(tiny))
    texts = ["good day", "x", "a much longer text than the others have", "good day"]
    vectors = frozen.embed(model, tokenizer, texts, "mean")
    assert vectors.shape == (4, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[0], vectors[3], atol=1e-6)
    assert np.allclose(vectors[1], frozen.embed(model, tokenizer, ["x"], "mean")[0], atol=1e-5)


def test_a_class_without_training_rows_gets_almost_nothing(tiny: Path) -> None:
    model, tokenizer = encoders.load_base(str(tiny)), encoders.load_tokenizer(str(tiny))
    train = table(["good day", "good film", "bad day", "bad film"], [0, 0, 2, 2])
    test = table(["good meal", "bad meal", "what"], [0, 2, 3])
    scores = frozen.logistic_regression(model, tokenizer, str(tiny), train, test)
    assert scores.shape == (3, 4)
    assert np.allclose(np.exp(scores).sum(-1), 1, atol=1e-5)
    assert (scores[:, [1, 3]] == -50).all()
