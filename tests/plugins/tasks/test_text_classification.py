"""text-classification in its forms: methods, several labels, pairs, from scratch - each trained for real on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import classification_report

import fmtools
import support
from fmtools.core.errors import FmError, ModelError, OptionError
from support import rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("store")]


def train(model: Path, **options: Any) -> fmtools.Run:
    """Train in this process: what a form of the task does is asked here, not what a worker does (tests/runtime asks that)."""
    return support.train(model, inline=True, **options)


def heard(run: fmtools.Run) -> list[str]:
    return [notice.text for notice in run.view.increment().notices]


def several(count: int) -> list[dict[str, Any]]:
    found = rows(2 * count)
    both = zip(found[:count], found[count + 1 :] + found[:1], strict=True)
    return [{"text": f"{a['text']} / {b['text']}", "labels": sorted({a["label"], b["label"]})} for a, b in both]


@pytest.mark.parametrize(
    ("asked", "trained"),
    [({"method": "head"}, 99), ({"method": "last-layers", "train_layers": 1}, 8643), ({"method": "lora"}, 7267)],
)
def test_a_method_trains_its_weights_only(tiny: Path, asked: dict[str, Any], trained: int) -> None:
    run = train(tiny, epochs=1, **asked)
    head = run.view.increment().head
    assert (run.status, head.trainable) == ("done", trained)
    assert head.parameters > 1_000_000
    assert {artifact.path.name for artifact in run.artifacts} >= {"model"}
    assert run.evaluate().metrics == pytest.approx(run.metrics)


def test_an_adapter_lies_beside_the_merged_model(tiny: Path) -> None:
    run = train(tiny, epochs=1, method="lora", lora_rank=4)
    adapter = run.path / "artifacts" / "adapter"
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 4
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(run.path / "artifacts" / "model", trust_remote_code=True)
    assert not any("lora" in name for name, _ in model.named_parameters())


def test_it_stops_early_and_keeps_the_best_weights(tiny: Path) -> None:
    run = train(tiny, epochs=30, eval_steps=4, patience=2, metric="loss", learning_rate=0.5)
    losses = dict(run.history["validation/loss"])
    best = min(losses, key=lambda step: losses[step])
    assert run.status == "done"
    assert run.view.increment().head.step < 30 * 11
    assert any(f"than at step {best}" in text for text in heard(run))
    assert run.metrics["loss"] == pytest.approx(losses[best], rel=1e-4)


def test_a_metric_that_is_not_there_is_said(tiny: Path) -> None:
    run = train(tiny, epochs=1, patience=1, metric="bleu")
    assert any("no metric 'bleu'" in text for text in heard(run))


def test_steps_and_accumulation_are_counted(tiny: Path) -> None:
    head = train(tiny, gradient_accumulation=2, epochs=1).view.increment().head
    assert (head.step, head.total_steps) == (6, 6)
    head = train(tiny, max_steps=5).view.increment().head
    assert (head.step, head.total_steps) == (5, 5)


@pytest.mark.parametrize("optimizer", ["sgd", "adafactor"])
def test_optimizers_smoothing_weights_and_dropout_go_together(tiny: Path, optimizer: str) -> None:
    run = train(tiny, epochs=1, optimizer=optimizer, label_smoothing=0.1, class_weights="balanced", dropout=0.3)
    assert run.status == "done"
    config = json.loads((run.path / "artifacts" / "model" / "config.json").read_text())
    assert config["encoder"]["hidden_dropout_prob"] == config["classifier_dropout"] == 0.3


def test_several_labels_a_row(tiny: Path) -> None:
    data = several(90)
    run = train(tiny, data=data, epochs=2)
    assert {"f1_samples", "f1_micro", "accuracy"} <= set(run.metrics)
    answer = run.predict(data[0]["text"])[0]
    assert answer["labels"] == [
        row["label"] for row in sorted(answer["top"], key=lambda r: r["label"]) if row["score"] > 0.5
    ]
    written = [{"text": row["text"], "label": "|".join(row["labels"])} for row in data]
    assert any("divided by '|'" in text for text in heard(train(tiny, data=written, max_steps=1)))
    assert run.evaluate(data=data[:30]).rows == 30


def test_one_label_with_a_bar_in_it_stays_one(tiny: Path) -> None:
    data = [{"text": row["text"], "label": row["label"] + "|x"} for row in rows(60)]
    run = train(tiny, data=data, max_steps=1, multi_label=False)
    assert set(run.report) >= {"glad|x", "angry|x"}


def test_two_texts_a_row(tiny: Path) -> None:
    found = rows(120)
    pairs = [
        {"premise": a["text"], "hypothesis": b["text"], "label": "same" if a["label"] == b["label"] else "other"}
        for a, b in zip(found, found[3:] + found[1:4], strict=True)
    ]
    pairs += [{**pair, "hypothesis": found[i + 1]["text"], "label": "other"} for i, pair in enumerate(pairs[:60])]
    run = train(tiny, data=pairs, epochs=1)
    assert "Two texts a row: 'premise' and 'hypothesis'." in heard(run)
    assert len(fmtools.predict(run.id, data=pairs[:5])) == 5
    assert fmtools.predict(run.id, text=["a"], pair=["b"])[0]["pair"] == "b"
    with pytest.raises(FmError, match="two texts at a time"):
        fmtools.predict(run.id, text=["a"])


def test_from_scratch_learns_its_own_words() -> None:
    run = fmtools.train(
        data=rows(240),
        from_scratch=True,
        epochs=3,
        batch_size=8,
        layers=1,
        heads=2,
        width=32,
        watch_every=5,
        inline=True,
    )
    assert run.config["model"] == "bert"
    assert run.metrics["accuracy"] > 0.6
    assert run.view.increment().frames
    assert run.predict("good day")[0]["label"] == "glad"


def test_the_lstm_of_the_textbooks() -> None:
    run = fmtools.train(
        data=rows(240), from_scratch=True, model="lstm", epochs=4, batch_size=8, layers=1, width=32, inline=True
    )
    assert run.metrics["accuracy"] > 0.6
    assert not run.view.increment().frames  # it has no attention to look at
    from transformers import AutoModelForSequenceClassification

    folder = run.path / "artifacts" / "model"
    AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=True)
    with pytest.raises(FmError, match="attention"):
        run.attention("good day")


def test_architectures_and_models_are_told_apart() -> None:
    with pytest.raises(ModelError, match="an architecture without weights"):
        fmtools.train(data=rows(30), model="bert")
    with pytest.raises(ModelError, match="does not learn text-classification"):
        fmtools.train(data=rows(30), model="gpt2", from_scratch=True)
    with pytest.raises(OptionError, match="cannot be divided among 3 heads"):
        fmtools.train(data=rows(30), from_scratch=True, heads=3, width=32)


def test_the_report_is_scikit_learns(tiny: Path) -> None:
    run = train(tiny, epochs=2)
    held = rows(60, seed=9)
    report = run.evaluate(data=held)
    said = [answer["label"] for answer in fmtools.predict(run.id, data=held)]
    wanted: Any = classification_report([row["label"] for row in held], said, output_dict=True, zero_division=0.0)
    for name in ("glad", "angry", "asking", "macro avg", "weighted avg"):
        ours = report.report[name]
        assert np.allclose(
            [ours["precision"], ours["recall"], ours["f1"]],
            [wanted[name][k] for k in ("precision", "recall", "f1-score")],
            atol=1e-9,
        )
    assert report.metrics["accuracy"] == pytest.approx(wanted["accuracy"])
    titles = {detail["title"]: detail for detail in report.details}
    assert len(titles["worst errors"]["rows"]) == sum(a != b["label"] for a, b in zip(said, held, strict=True))
    assert sum(row[2] for row in titles["calibration"]["rows"]) == 60
