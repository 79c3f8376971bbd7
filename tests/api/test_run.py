"""What the verbs return, on one real run of the tiny encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fmtools
from fmtools.core.errors import DataError, FmError, StoreError
from fmtools.store.files import MANIFEST
from support import records, rows, train, weights

LABELS = ["angry", "asking", "glad"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    """Three splits; two epochs of eleven steps, attention every five."""
    data = {"train": rows(88, 1), "validation": rows(24, 2), "test": rows(30, 3)}
    table = [{**row, "split": split} for split, part in data.items() for row in part]
    folder = shared_store.parent / "moods"
    folder.mkdir()
    for split in data:
        lines = [json.dumps({k: row[k] for k in ("text", "label")}) for row in table if row["split"] == split]
        (folder / f"{split}.jsonl").write_text("\n".join(lines))
    return train(tiny, data=str(folder), watch_every=5, watch=["what a lovely day"], name="moods", inline=True)


def test_properties(run: fmtools.Run, tiny: Path) -> None:
    assert (run.status, run.name, run.path.name) == ("done", "moods", run.id)
    assert run.config["epochs"] == 2
    assert run.config["model"] == str(tiny)
    assert run.head.rows == {"test": 30, "train": 88, "validation": 24}
    assert run.head.total_steps == run.head.step == 22
    assert run.head.metrics_split == "test"
    assert set(run.metrics) >= {"accuracy", "f1_macro", "loss"}
    assert repr(run).startswith("<Run moods: done, step 22/22, accuracy ")


def test_history_holds_every_step_and_every_evaluation(run: fmtools.Run) -> None:
    history = run.history
    for series in ("loss", "learning_rate", "grad_norm"):
        assert [step for step, _ in history[series]] == list(range(1, 23))
    assert [step for step, _ in history["validation/accuracy"]] == [11, 22]
    rates = [value for _, value in history["learning_rate"]]
    # Three steps of warm-up, then a straight line towards zero.
    assert max(rates) == pytest.approx(1e-3)
    assert rates.index(max(rates)) in (2, 3)
    assert rates[-1] < rates[10] < rates[4]


def test_report_and_confusion_are_of_the_same_rows(run: fmtools.Run) -> None:
    matrix = np.array(run.confusion["matrix"])
    assert run.confusion["labels"] == LABELS
    assert matrix.sum() == 30
    assert matrix.trace() / 30 == pytest.approx(run.metrics["accuracy"])
    for number, label in enumerate(LABELS):
        assert run.report[label]["support"] == matrix[number].sum() == 10
        assert run.report[label]["recall"] == pytest.approx(matrix[number, number] / 10)


def test_artifacts_and_json(run: fmtools.Run) -> None:
    (model,) = run.artifacts
    manifest = json.loads((model.path / MANIFEST).read_text())
    assert model.size == sum(f["bytes"] for f in manifest["files"].values()) == manifest["bytes"]
    assert (model.format, model.parent, model.metrics) == ("safetensors", run.id, run.metrics)
    said = json.loads(json.dumps(run.to_json(), allow_nan=False))
    assert (said["id"], said["status"], said["metrics"], said["error"]) == (run.id, "done", run.metrics, None)
    (artifact,) = said["artifacts"]
    assert artifact["name"] == "model"
    assert (artifact["path"], artifact["format"]) == (str(model.path), "safetensors")
    assert artifact["size_bytes"] == model.size


def test_evaluate_gives_exactly_the_runs_own_scores(run: fmtools.Run) -> None:
    report = run.evaluate()
    assert (report.split, report.rows) == ("test", 30)
    assert report.metrics == run.metrics
    assert report.report == run.report
    assert report.confusion == run.confusion


def test_evaluate_on_other_data(run: fmtools.Run) -> None:
    same = run.evaluate(rows(30, 3))
    assert same.metrics == pytest.approx(run.metrics)
    with pytest.raises(DataError, match="'furious'") as caught:
        run.evaluate([*rows(9), {"text": "what is this", "label": "furious"}])
    assert caught.value.cure
    with pytest.raises(DataError, match="no rows in a split 'dev'"):
        run.evaluate(split="dev")


def test_predictions_come_in_order_and_their_scores_sum_to_one(run: fmtools.Run) -> None:
    texts = ["what day", "good " * 200, "x", "bad trip", "", "what day"]
    answer = run.predict(texts, top=3)
    assert [row["text"] for row in answer.rows] == texts
    for row in answer.rows:
        assert sum(entry["score"] for entry in row["top"]) == pytest.approx(1, abs=1e-5)
        assert [entry["score"] for entry in row["top"]] == sorted((e["score"] for e in row["top"]), reverse=True)
        assert (row["label"], row["score"]) == (row["top"][0]["label"], row["top"][0]["score"])
        assert {entry["label"] for entry in row["top"]} == set(LABELS)
    # Neighbours in a batch change nothing but the last bits.
    alone = [run.predict(text, top=3)[0]["score"] for text in texts]
    assert alone == pytest.approx([row["score"] for row in answer.rows], abs=1e-5)
    assert answer[0]["score"] == pytest.approx(answer[5]["score"], abs=1e-6)


def test_predictions_of_a_table_line_up_with_its_rows(run: fmtools.Run) -> None:
    data = rows(7)
    answer = fmtools.predict(run.id, data=data, text_column="text")
    assert [row["text"] for row in answer.rows] == [row["text"] for row in data]
    with pytest.raises(FmError, match="nothing to predict"):
        fmtools.predict(run.id)


def test_attention_has_a_row_a_token_that_sums_to_one(run: fmtools.Run) -> None:
    seen = run.attention("what a lovely day")
    n = len(seen.tokens)
    assert (seen.tokens[0], seen.tokens[-1]) == ("[CLS]", "[SEP]")
    assert seen.weights.shape == (2, 2, n, n)
    assert np.abs(seen.weights.astype(float).sum(-1) / 255 - 1).max() < 0.02
    last = run.view.increment().frames[-1]
    stored = np.frombuffer(run.view.frame(last.seq), np.uint8).reshape(2, 2, n, n)
    assert last.step == 20
    assert stored.shape == seen.weights.shape
    assert [frame.step for frame in run.view.increment().frames] == [0, 5, 10, 15, 20]
    with pytest.raises(FmError, match="--layer 2 is not there: this model has 2 layers"):
        run.attention("x", layer=2)


def test_attention_of_a_model_before_any_training(shared_store: Path) -> None:
    seen = fmtools.attention("minilm", text="what a lovely day")
    assert seen.weights.shape == (6, 12, 6, 6)
    assert np.abs(seen.weights.astype(float).sum(-1) / 255 - 1).max() < 0.02


def test_the_baseline_is_scored_on_the_rows_a_training_uses(run: fmtools.Run, tiny: Path) -> None:
    report = fmtools.baseline(str(run.path.parents[2] / "moods"), model=str(tiny))
    assert (report.split, report.rows) == ("test", 30)
    assert report.metrics["accuracy"] > 0.5
    assert {label: report.report[label]["support"] for label in LABELS} == dict.fromkeys(LABELS, 10)


def test_compare_names_what_differs(run: fmtools.Run, tiny: Path) -> None:
    other = train(tiny, name="slower", learning_rate=1e-5, epochs=1, inline=True)
    seen = fmtools.compare("moods", "slower")
    assert seen.names == ["moods", "slower"]
    assert seen.options["learning_rate"] == [1e-3, 1e-5]
    assert "batch_size" not in seen.options
    assert seen.metrics["accuracy"] == [run.metrics["accuracy"], other.metrics["accuracy"]]
    assert [len(steps) for steps, _ in seen.curves["loss"]] == [22, 11]
    with pytest.raises(FmError, match="None of these runs has a curve 'los'"):
        fmtools.compare("moods", "slower", series="los")


def test_runs_are_found_by_id_beginning_name_and_last(run: fmtools.Run) -> None:
    newest = fmtools.runs().rows[0].head
    assert fmtools.attach(run.id).id == fmtools.attach(run.id[:-2]).id == fmtools.attach("moods").id == run.id
    assert fmtools.attach("last").id == newest.id
    with pytest.raises(StoreError, match="There is no run 'modos'") as caught:
        fmtools.attach("modos")
    assert caught.value.cure == "Did you mean moods?"
    assert [row.head.status for row in fmtools.runs(status="done").rows]
    assert fmtools.runs(status="failed").rows == []


def test_the_kept_data_can_be_named_again(run: fmtools.Run, tiny: Path) -> None:
    kept = run.view.run.record.dataset
    name = kept.split("@")[0]
    assert run.data_version == ""  # a table that nobody has named: only what was made of it is kept
    card = fmtools.load_data(kept)
    assert card.facts["rows"] == {"test": 30, "train": 88, "validation": 24}
    assert [entry["label"] for entry in card.facts["labels"]] == LABELS
    again = train(tiny, data=kept, inline=True)
    assert weights(again) == weights(run)
    with pytest.raises(FmError, match="no data set"):
        fmtools.load_data(f"{name}@0123456789abcdef")


def test_the_doctor_looks_at_everything(shared_store: Path) -> None:
    seen = fmtools.doctor()
    names = [line[1] for line in seen.lines]
    assert {"python", "torch", "run store", "disk", "tasks", "sources", "models", "default model", "worker"} <= set(
        names
    )
    assert all(line[0] for line in seen.lines if line[1] in ("python", "torch", "run store", "worker", "sources"))
    assert seen.ok == all(line[0] for line in seen.lines)


def test_every_result_shows_itself(run: fmtools.Run) -> None:
    for result in (run.evaluate(), run.predict("good day"), fmtools.runs(), fmtools.models()):
        assert result.text()
        assert result.html().count("<script") == 0
        json.dumps(result.to_json())
    bundle = run._repr_mimebundle_()
    assert {"text/plain", "text/html", "image/png", "application/vnd.fmtools.run.v1+json"} <= set(bundle)


def test_the_log_of_a_run_is_in_order(run: fmtools.Run) -> None:
    seen = records(run)
    assert [r["seq"] for r in seen] == list(range(1, len(seen) + 1))
    phases = [r["phase"] for r in seen if r["type"] == "phase"]
    assert phases[0] == "loading model"
    assert phases[-2:] == ["saving", "evaluating"]
    assert [r["status"] for r in seen if r["type"] == "status"] == ["running", "done"]
