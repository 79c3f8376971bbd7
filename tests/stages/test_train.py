"""What training promises: the same seed gives the same weights, and the model folder opens without fmtools."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fmtools
from fmtools.api import execute
from fmtools.core import registry
from fmtools.core.events import Control
from fmtools.core.options import TrainOptions
from fmtools.kit.training import narrator
from fmtools.runtime.wait import Silent
from fmtools.store import controls
from fmtools.store.log import LogReader
from support import records, rows, save_encoder, steps_of, tokenizer_folder, train, weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny, inline=True)


def test_the_seed_decides(tiny: Path, run: fmtools.Run) -> None:
    again, other = train(tiny, inline=True), train(tiny, inline=True, seed=43)
    assert weights(again) == weights(run)
    assert again.history == run.history
    assert weights(other) != weights(run)


def test_watching_attention_changes_nothing(tiny: Path, run: fmtools.Run) -> None:
    watched = train(tiny, inline=True, watch_every=1, watch=["what a day", "good film and bad book"])
    assert weights(watched) == weights(run)
    frames = watched.view.increment().frames
    assert [frame.step for frame in frames if frame.probe == 1] == list(range(watched.head.total_steps + 1))


def test_saving_more_often_changes_nothing(tiny: Path, run: fmtools.Run) -> None:
    saved = train(tiny, inline=True, save_minutes=1e-6)
    assert weights(saved) == weights(run)
    steps = [r["step"] for r in records(saved) if r["type"] == "checkpoint"]
    assert steps == list(range(1, saved.head.total_steps + 1))
    assert saved.history == run.history


def test_the_checkpoint_of_an_epoch_comes_after_its_evaluation(tiny: Path, shared_store: Path) -> None:
    """One taken before would resume without that evaluation, and with another random state in the next epoch."""
    saved = train(tiny, inline=True, save_minutes=1e-6)
    seqs = {(r["type"], r["step"]): r["seq"] for r in records(saved) if r["type"] in ("eval", "checkpoint")}
    for step in (11, 22):
        assert seqs["eval", step] < seqs["checkpoint", step]


class StopAt(Silent):
    """Follows an inline run and wishes that it stops at a step: the wish lies there when the step is logged."""

    def __init__(self, step: int) -> None:
        self.step = step

    def start(self, run_folder: Path) -> None:
        self.folder, self.reader = run_folder, LogReader(run_folder / "events")

    def tick(self) -> None:
        if any(r["type"] == "step" and r["step"] == self.step for r in self.reader.read()):
            controls.add(self.folder, Control(action="stop"))


@pytest.mark.parametrize("step", [5, 11, 22])
def test_a_stop_at_any_step_changes_nothing(
    tiny: Path, run: fmtools.Run, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Also at the last step of an epoch, and at the very last one."""
    monkeypatch.setattr(narrator, "LOOK", 0.0)
    options = TrainOptions.parse({**run.config, "data": rows(96), "inline": True, "name": f"stopped at {step}"})
    stopped: fmtools.Run = execute(options, StopAt(step))
    assert (stopped.status, stopped.head.step) == ("stopped", step)
    resumed = stopped.resume()
    assert weights(resumed) == weights(run)
    assert resumed.history == run.history
    assert resumed.metrics == run.metrics


def test_it_learns(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, inline=True, data=rows(240), epochs=6, learning_rate=3e-3)
    loss = [value for _, value in run.history["loss"]]
    assert sum(loss[-10:]) < sum(loss[:10]) / 2
    assert run.metrics["accuracy"] > 0.9


def test_the_throughput_counts_rows_and_real_tokens(tiny: Path, run: fmtools.Run) -> None:
    steps = steps_of(run)
    assert sum(step["samples"] for step in steps) == 2 * run.head.rows["train"]
    tokenizer = registry.get("tasks", "text-classification").load(run.path / "artifacts/model")[1]
    longest = max(len(tokenizer(row["text"])["input_ids"]) for row in rows(96))
    assert 0 < sum(step["tokens"] for step in steps) < longest * sum(step["samples"] for step in steps)


def test_a_part_of_an_epoch(tiny: Path, shared_store: Path) -> None:
    run = train(tiny, inline=True, epochs=0.5)
    assert run.head.total_steps == len(steps_of(run)) == 6
    assert run.status == "done"


OPEN = """
import json, sys

class Hide:
    @staticmethod
    def find_spec(name, *rest):
        if name.split(".")[0] == "fmtools":
            raise ImportError(name)

sys.meta_path.insert(0, Hide)
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder = sys.argv[1]
model = AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=True).eval()
batch = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)(["good day", "what a sad film"], padding=True, return_tensors="pt")
with torch.inference_mode():
    print(json.dumps({"logits": model(**batch).logits.tolist(), "labels": model.config.id2label,
                      "fmtools": [n for n in sys.modules if n.split(".")[0] == "fmtools"]}))
"""


def opened_elsewhere(folder: Path, cache: Path) -> dict[str, object]:
    """Open a model folder with plain transformers, in a Python that cannot import fmtools."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder)],
        capture_output=True, text=True, cwd=cache, timeout=120,
        env={"PATH": "/usr/bin:/bin", "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HOME": str(cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_model_folder_opens_without_fmtools_with_the_same_logits(
    tiny: Path, shared_store: Path, tmp_path: Path, pooling: str
) -> None:
    import pyarrow as pa

    run = train(tiny, inline=True, pooling=pooling, epochs=0.5)
    folder = run.path / "artifacts/model"
    task = registry.get("tasks", "text-classification")
    texts = pa.table({"text": ["good day", "what a sad film"]})
    ours, _ = task.outputs(task.load(folder), texts, 8)
    theirs = opened_elsewhere(folder, tmp_path)
    assert theirs["logits"] == [pytest.approx(row, abs=1e-5) for row in ours.tolist()]
    assert list(theirs["labels"].values()) == ["angry", "asking", "glad"]  # type: ignore[attr-defined]
    assert theirs["fmtools"] == []
    assert "/" not in json.loads((folder / "config.json").read_text()).get("_name_or_path", "")


def test_the_folder_says_how_its_encoder_pools(tmp_path: Path, shared_store: Path) -> None:
    if tokenizer_folder() is None:
        pytest.skip("the package with MiniLM's tokenizer is not installed")
    folder = save_encoder(tmp_path / "sentence")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    run = train(folder, inline=True, epochs=0.2)
    assert json.loads((run.path / "artifacts/model/config.json").read_text())["architectures"] == [
        "BertForSequenceClassification"
    ]


@pytest.mark.timeout(600)
def test_the_real_minilm_learns_in_a_worker(shared_store: Path) -> None:
    """The catalogue's model, whole: half a minute of training on real questions."""
    run = fmtools.train(data=rows(120), model="minilm", epochs=2, watch_every=0)
    assert run.status == "done"
    assert run.head.parameters > 22_000_000
    loss = [value for _, value in run.history["loss"]]
    assert loss[-1] < loss[0] / 2
    assert run.metrics["accuracy"] > 0.8
    assert run.predict("great and lovely")[0]["label"] == "glad"
