"""The task from end to end: real trainings of a tiny encoder, through the doorway that users take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import fmtools
from fmtools.api import execute
from fmtools.core import registry
from fmtools.core.events import Control
from fmtools.core.options import TrainOptions
from fmtools.kit.training import narrator
from fmtools.runtime.wait import Silent
from fmtools.store import controls, datasets
from fmtools.store.log import LogReader
from support import weights

pytestmark = pytest.mark.slow

#: Jackson is both: what a token mostly is does not tell.
NAMES = {"PER": ["Ada", "Ada Lovelace", "Grace Hopper", "Jackson"], "LOC": ["Paris", "New York", "Jackson", "Rome"]}
TEMPLATES = ["{PER} lives in {LOC} .", "in {LOC} , it rains", "{PER} met {PER} .", "nothing happens here today"]
OPTIONS = {"epochs": 3, "batch_size": 8, "learning_rate": 3e-3, "watch_every": 0, "precision": "fp32", "inline": True}


def rows(count: int = 120) -> list[dict[str, Any]]:
    """Return tagged sentences, no two alike."""
    found = []
    for number in range(count):
        tokens, tags = [str(number)], ["O"]
        for word in TEMPLATES[number % 4].split():
            kind = word.strip("{}") if word[0] == "{" else ""
            words = NAMES[kind][(number // 4 + len(tokens)) % 4].split() if kind else [word]
            tokens += words
            tags += [f"{'I' if i else 'B'}-{kind}" if kind else "O" for i in range(len(words))]
        found.append({"tokens": tokens, "tags": tags})
    return found


def trained(model: Path | str, **options: Any) -> fmtools.Run:
    return fmtools.train("token-classification", **{"model": str(model), "data": rows(), **OPTIONS, **options})


class StopAt(Silent):
    """Follows an inline run and wishes that it stops at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def start(self, run_folder: Path) -> None:
        self.folder, self.reader = run_folder, LogReader(run_folder / "events")

    def tick(self) -> None:
        if any(r["type"] == "step" and r["step"] == self.step for r in self.reader.read()):
            controls.add(self.folder, Control(action="stop"))


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return trained(tiny)


def test_it_learns_and_beats_the_most_frequent_tag(tiny: Path, run: fmtools.Run) -> None:
    assert run.status == "done", run.head.error
    assert run.metrics["f1"] > 0.9
    base = fmtools.baseline(rows(), task="ner", model=str(tiny))
    assert base.metrics["f1"] < 1.0
    assert {"precision", "recall", "f1", "token_accuracy", "token_f1_micro", "token_f1_macro", "loss"} == set(
        run.metrics
    )
    titles = [detail["title"] for detail in run.evaluate().details]
    assert titles == ["tags, token by token", "calibration", "worst errors"]


def test_the_published_folder_scores_the_same_and_opens_in_plain_transformers(run: fmtools.Run) -> None:
    assert run.evaluate().metrics == run.metrics
    folder = run.path / "artifacts/model"
    code = f"""
from transformers import pipeline
found = pipeline("token-classification", {str(folder)!r}, aggregation_strategy="first")("Ada Lovelace lives in New York")
print([(e["entity_group"], e["word"]) for e in found])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    said = run.predict("Ada Lovelace lives in New York")[0]["entities"]
    assert done.stdout.strip() == str([(e["entity_group"], e["word"].lower()) for e in said]), done.stderr[-2000:]


def test_predictions_stand_where_they_say(run: fmtools.Run) -> None:
    texts = ["Ada Lovelace, in  Paris.", "", "   ", "New York " * 400]
    found = run.predict(texts)
    for row, text in zip(found.rows, texts, strict=True):
        assert row["text"] == text
        assert len(row["tokens"]) == len(row["tags"])
        assert all(text[e["start"] : e["end"]] == e["word"] and 0 < e["score"] <= 1 for e in row["entities"])
    assert ("LOC", "Paris") in [(e["entity_group"], e["word"]) for e in found[0]["entities"]]
    assert [len(row["entities"]) for row in found.rows[1:3]] == [0, 0]
    assert len(found[3]["tokens"]) == 800, "a long text is not cut"
    assert len(set(found[3]["tags"][300:])) > 1
    assert json.dumps(found.to_json())


def test_rows_of_tokens_and_files_are_predicted(run: fmtools.Run) -> None:
    asked = fmtools.predict(run.id, data=[{"tokens": ["Ada", "lives", "in", "Rome"]}, {"tokens": []}])
    assert asked[0]["tags"] == ["B-PER", "O", "O", "B-LOC"]
    assert asked[0]["text"] == "Ada lives in Rome"
    assert asked[1]["entities"] == []
    assert "[Ada | PER" in asked.text()


def test_a_stop_and_a_resume_change_nothing(tiny: Path, run: fmtools.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vocabulary of which only a part is trained must come back from a checkpoint bit by bit."""
    monkeypatch.setattr(narrator, "LOOK", 0.0)
    options = TrainOptions.parse({**run.config, "data": rows(), "inline": True, "name": "stopped"})
    stopped: fmtools.Run = execute(options, StopAt(17))
    assert stopped.status == "stopped"
    resumed = stopped.resume()
    assert weights(resumed) == weights(run)
    assert resumed.metrics == run.metrics


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks transformers for it
@pytest.mark.parametrize(
    "options",
    [
        {"method": "head", "epochs": 1},
        {"method": "last-layers", "train_layers": 1, "epochs": 1},
        {"method": "lora", "epochs": 1, "watch_every": 5},
        {"class_weights": "balanced", "label_smoothing": 0.1, "epochs": 1},
        {"optimizer": "adafactor", "epochs": 1},
        {"gradient_accumulation": 2, "max_length": 8, "epochs": 1, "patience": 1},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_methods(tiny: Path, shared_store: Path, options: dict[str, Any]) -> None:
    run = trained(tiny, **options)
    assert run.status == "done", run.head.error
    warned = [n.text for n in run.view.increment().notices if n.level == "warning"]
    assert not warned
    after = load_file(run.path / "artifacts/model/model.safetensors")
    before = load_file(tiny / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    frozen = torch.equal(after["bert." + name], before[name])
    assert frozen == (options.get("method") is not None)
    assert run.predict("Ada lives in Rome")[0]["tags"]


def test_from_scratch_in_chinese(shared_store: Path) -> None:
    people, places = ["李明", "王小红", "赵四"], ["北京", "上海", "哈尔滨"]
    data = []
    for number in range(90):
        person, place = people[number % 3], places[number // 3 % 3]
        text = f"{person}昨天到了{place}{number}。"
        spans = [
            (text.index(word), text.index(word) + len(word), kind) for word, kind in ((person, "PER"), (place, "LOC"))
        ]
        data.append({"text": text, "entities": [{"start": a, "end": b, "label": k} for a, b, k in spans]})
    run = trained(
        "bert", data=data, from_scratch=True, layers=1, width=32, epochs=8, watch=["李明到了上海。"], watch_every=50
    )
    assert run.status == "done", run.head.error
    assert run.metrics["f1"] > 0.9
    assert [e["word"] for e in run.predict("王小红昨天到了哈尔滨。")[0]["entities"]] == ["王小红", "哈尔滨"]
    assert run.view.increment().probes[0].tokens == ["<cls>", *"李明到了上海。", "<sep>"]
    assert fmtools.attention(run.id, text="李明").tokens == ["<cls>", "李", "明", "<sep>"]


def test_long_sentences_are_tagged_to_their_end(tiny: Path, run: fmtools.Run) -> None:
    """Whatever stands around a sentence, each token gets a tag, also behind the 512th piece."""
    task = registry.get("tasks", "token-classification")
    loaded = task.load(run.path / "artifacts/model")
    row = rows(8)[4]
    many = {"tokens": row["tokens"] * 120, "tags": row["tags"] * 120}
    meta = datasets.load(run._folder.record.dataset, run.path.parent.parent)[1]
    table = task.align(registry.get("sources", "frame").load([many]), meta).splits["all"]
    found, truth = task.outputs(loaded, table, 2)
    assert len(found.tags[0]) == len(truth[0]) == 120 * len(row["tokens"])
    scores = task.score(found, truth, meta)
    assert scores["metrics"]["token_accuracy"] > 0.8
    assert (found.sure[0] > 0).all()
