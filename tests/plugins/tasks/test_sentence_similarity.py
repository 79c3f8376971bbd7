"""sentence-similarity from a table to a search: each kind of rows, each method, and a resume that changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import fmtools
from fmtools.core.errors import FmError, OptionError
from fmtools.views import predictions
from support import THINGS, at_step, kill, records, weights

pytest.importorskip("sentence_transformers")
EACH_STEP = 1e-6


def pairs(count: int = 60) -> list[dict[str, Any]]:
    return [
        {"question": f"where is the {THINGS[i % 12]} number {i}", "answer": f"the {THINGS[i % 12]} {i} is over here"}
        for i in range(count)
    ]


def scored(count: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "sentence1": f"a {THINGS[i % 12]} {i}",
            "sentence2": f"a {THINGS[(i + i % 3) % 12]} {i}",
            "score": 1.0 - (i % 3) / 2,
        }
        for i in range(count)
    ]


def train(model: Path | str, **options: Any) -> fmtools.Run:
    usual = {"data": pairs(), "epochs": 1, "batch_size": 8, "learning_rate": 1e-3, "watch_every": 0, "inline": True}
    return fmtools.train("sentence-similarity", model=str(model), **{"precision": "fp32", **usual, **options})


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    found = train(tiny, watch_every=5)
    assert found.status == "done", found.to_json()["error"]
    return found


def test_a_search_is_scored_at_every_evaluation_and_by_the_published_folder(run: fmtools.Run) -> None:
    assert {"recall_at_1", "recall_at_10", "mrr", "ndcg_at_10", "cosine_positive"} <= set(run.metrics)
    assert {"validation/loss", "validation/recall_at_1"} <= set(run.history)
    assert run.history["validation/mrr"][-1][1] == pytest.approx(run.metrics["mrr"], abs=1e-5)
    again = fmtools.evaluate(run.id)
    assert again.metrics == pytest.approx(run.metrics)


def test_only_the_pieces_that_occur_are_trained(
    run: fmtools.Run, tiny: Path, shared_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the vocabulary, which gets no gradient, costs nothing; what is trained comes out as with all of it."""
    from safetensors.torch import load_file

    from fmtools.kit.training import vocabulary

    monkeypatch.setattr(vocabulary, "SHARE", 0)
    whole = train(tiny, watch_every=5)
    plans = [next(r for r in records(one) if r["type"] == "plan") for one in (run, whole)]
    assert plans[0]["trainable"] < plans[1]["trainable"] == plans[1]["parameters"] == plans[0]["parameters"]
    ours, all_rows, before = (
        load_file(folder / "model.safetensors")
        for folder in (run.path / "artifacts/model", whole.path / "artifacts/model", tiny)
    )
    words = next(name for name in ours if name.endswith("word_embeddings.weight"))
    moved = (ours[words] != before[words]).any(1)
    assert 0 < int(moved.sum()) < 500
    assert torch.allclose(ours[words][moved], all_rows[words][moved], atol=1e-5)
    assert all(torch.allclose(ours[name], all_rows[name], atol=1e-5) for name in ours if name != words)


def test_attention_is_watched_while_it_trains(run: fmtools.Run) -> None:
    assert [r["layers"] for r in records(run) if r["type"] == "attention"]


def test_plain_transformers_opens_the_folder(run: fmtools.Run) -> None:
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel

    folder = str(run.path / "artifacts/model")
    assert AutoModel.from_pretrained(folder).config.hidden_size == 32
    vectors = SentenceTransformer(folder, local_files_only=True).encode(["a day", "a day"], normalize_embeddings=True)
    told = fmtools.predict(run.id, text=["a day"])[0]
    assert told["dimension"] == 32
    assert np.allclose(told["embedding"], vectors[0], atol=1e-5)


def test_pairs_searches_and_vectors_can_be_asked_for(run: fmtools.Run) -> None:
    alike = fmtools.predict(run.id, text=["a day"], pair=["a day", "some train"])
    assert [row["pair"] for row in alike.rows] == ["a day", "some train"]
    assert alike[0]["score"] == pytest.approx(1.0, abs=1e-5)
    found = fmtools.predict(run.id, text=["where is the film"], data=pairs(12), top=2)
    assert len(found[0]["top"]) == 2
    assert found[0]["top"][0]["text"] == pairs(12)[found[0]["top"][0]["row"]]["answer"]
    rows = fmtools.predict(run.id, data=pairs(3))
    assert [row["pair"] for row in rows.rows] == [row["answer"] for row in pairs(3)]
    for answer in (alike, found, rows, fmtools.predict(run.id, text=["a"])):
        assert answer.text()
        assert predictions.html(answer.rows).startswith("<")


def test_a_question_that_does_not_fit_is_one_sentence(run: fmtools.Run) -> None:
    with pytest.raises(FmError, match="2 --text and 3 --pair"):
        fmtools.predict(run.id, text=["a", "b"], pair=["c", "d", "e"])
    with pytest.raises(FmError, match="nothing to compare"):
        fmtools.predict(run.id)


def test_scored_pairs_are_judged_by_spearman(tiny: Path, store: Path) -> None:
    run = train(tiny, data=scored(), keep="best")
    assert run.config["metric"] == "spearman"
    report = fmtools.evaluate(run.id, data=scored(24))
    told = fmtools.predict(run.id, data=scored(24)).rows
    truth = [row["score"] for row in scored(24)]
    assert report.metrics["spearman"] == pytest.approx(
        spearmanr([row["score"] for row in told], truth).statistic, abs=1e-6
    )


@pytest.mark.parametrize("method", ["lora", "last-layers"])
def test_methods_train_less(tiny: Path, store: Path, method: str) -> None:
    run = train(tiny, method=method, train_layers=1, max_steps=3)
    plan = next(r for r in records(run) if r["type"] == "plan")
    assert run.status == "done", run.to_json()["error"]
    assert plan["trainable"] < plan["parameters"]
    assert fmtools.predict(run.id, text=["a"])[0]["dimension"] == 32


def test_labelled_pairs_and_triplets_train(tiny: Path, store: Path) -> None:
    labelled = [{"text1": r["sentence1"], "text2": r["sentence2"], "label": int(r["score"] > 0.4)} for r in scored()]
    assert "average_precision" in train(tiny, data=labelled, max_steps=3).metrics
    triplets = [{"anchor": r["question"], "positive": r["answer"], "negative": "nothing"} for r in pairs()]
    assert "triplet_accuracy" in train(tiny, data=triplets, max_steps=3).metrics


def test_an_encoder_can_be_made_from_scratch(store: Path) -> None:
    run = train("bert", from_scratch=True, layers=1, heads=2, width=16, vocabulary=400, tokenizer="bpe", max_steps=3)
    assert run.status == "done", run.to_json()["error"]
    assert fmtools.predict(run.id, text=["a"])[0]["dimension"] == 16


def test_a_head_is_not_there_to_train(tiny: Path, store: Path) -> None:
    with pytest.raises(OptionError, match="no head"):
        train(tiny, method="head")
    assert not list(store.rglob("run.json"))


def test_the_baseline_is_the_model_as_it_came_beside_a_search_by_words(tiny: Path, store: Path) -> None:
    found = fmtools.baseline(pairs(), task="sentence-similarity", model=str(tiny))
    assert found.details[0]["columns"] == ["metric", "frozen model", "tf-idf"]
    assert 0 <= found.metrics["recall_at_1"] <= 1


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_run_ends_as_if_nothing_had_happened(tiny: Path, store: Path) -> None:
    whole = train(tiny, epochs=2)
    killed = train(tiny, epochs=2, inline=False, background=True, save_minutes=EACH_STEP)
    at_step(killed, 9)
    kill(killed)
    killed.resume()
    assert killed.status == "done", killed.to_json()["error"]
    assert weights(killed) == weights(whole)
    assert killed.metrics == whole.metrics
