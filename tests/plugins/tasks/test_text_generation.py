"""The task from end to end: real trainings of tiny models, through the doorway that users take."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

import fmtools
from fmtools.core.errors import FmError
from fmtools.core.events import Control
from fmtools.core.options import TrainOptions
from fmtools.plugins.tasks.text_generation import TextGeneration
from fmtools.runtime.wait import Silent
from fmtools.store import controls
from fmtools.store.log import LogReader
from support import weights

WORDS = ["the whale", "a ship", "the sea", "old Ahab", "my harpoon"]
TEXTS = [{"text": f"{WORDS[i % 5]} and {WORDS[(i + i // 5) % 5]} saw {WORDS[(i * 3) % 5]} {i}."} for i in range(40)]
TALKS = [{"question": f"what is {i} and {j}?", "answer": f"it is {i + j}"} for i in range(8) for j in range(6)]
TINY = {
    "from_scratch": True, "layers": 1, "heads": 2, "width": 16, "max_length": 24, "batch_size": 8, "epochs": 2,
    "watch_every": 0, "sample_every": 0, "sample_tokens": 8, "precision": "fp32", "inline": True, "tokenizer": "characters",
}  # fmt: skip


def trained(data: Any = TEXTS, **options: Any) -> fmtools.Run:
    run = fmtools.train("text-generation", data=data, **{**TINY, **options})
    assert run.status == "done", run.head.error
    return run


@pytest.fixture(scope="module")
def run(shared_store: Path) -> fmtools.Run:
    return trained(watch_every=6, sample_every=6, epochs=3)


def test_the_score_is_that_of_the_folder_over_every_token(run: fmtools.Run) -> None:
    """Counted again with plain transformers, block by block."""
    folder = run.path / "artifacts/model"
    model, words = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    held = (
        TextGeneration().prepare(fmtools_data(TEXTS), TrainOptions(data="x")).splits["validation"]["text"].to_pylist()
    )
    ids = [words.eos_token_id]
    for text in held:
        ids += [*words(text, add_special_tokens=False)["input_ids"], words.eos_token_id]
    total = 0.0
    for start in range(0, len(ids) - 1, 24):
        block = torch.tensor([ids[start : start + 25]])
        with torch.no_grad():
            logits = model(input_ids=block[:, :-1]).logits
        total += torch.nn.functional.cross_entropy(logits[0], block[0, 1:], reduction="sum").item()
    loss = total / (len(ids) - 1)
    assert run.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert run.metrics["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    assert run.metrics["bits_per_character"] == pytest.approx(total / math.log(2) / len("".join(held)), rel=1e-5)
    assert run.history["validation/loss"][-1][1] == pytest.approx(loss, rel=1e-5)
    assert run.evaluate().metrics == run.metrics
    assert model.config.use_cache


def fmtools_data(rows: Any) -> Any:
    from fmtools.core import registry

    return registry.get("sources", "frame").load(rows)


def test_what_it_wrote_and_looked_at_while_training_is_kept(run: fmtools.Run) -> None:
    increment = run.view.increment()
    assert {sample.step for sample in increment.samples} >= {6, 12}
    assert increment.frames
    texts = next(detail for detail in increment.details if detail.kind == "texts")
    source, _, reference = texts.rows[0]
    assert any(row["text"] == f"{source}{reference}" for row in TEXTS)


def test_it_goes_on_as_the_pipeline_does(run: fmtools.Run) -> None:
    folder = str(run.path / "artifacts/model")
    (row,) = fmtools.predict(run.id, text=["the wh"], max_new_tokens=12).rows
    true = pipeline("text-generation", folder)("the wh", max_new_tokens=12, do_sample=False)
    assert row == {"text": "the wh", "generated_text": true[0]["generated_text"]}
    one, other = (fmtools.predict(run.id, text=["the"], temperature=1.0, top_k=20, seed=s).rows for s in (1, 2))
    assert one != other
    assert len(fmtools.predict(run.id, text=["the sea and the ship saw my harpoon"], max_new_tokens=60)) == 1
    assert fmtools.predict(run.id, text=[""], max_new_tokens=3).rows[0]["text"] == ""


def test_attention_is_of_its_own_tokens(run: fmtools.Run) -> None:
    seen = run.attention("the whale")
    assert seen.tokens == list("the␣whale")
    assert not np.triu(np.asarray(seen.weights[0, 0]), 1).any()


def test_counting_is_beaten(shared_store: Path) -> None:
    """Bits a character compare, whatever the tokens are."""
    text = [{"text": "the whale saw the ship and the ship saw the whale. " * 60}]
    run = trained(text, epochs=12, learning_rate=1e-2)
    assert run.metrics["bits_per_character"] < 1.5 < 3.0 < bits_of_characters(text[0]["text"])


def bits_of_characters(text: str) -> float:
    shares = [text.count(c) / len(text) for c in set(text)]
    return -sum(share * math.log2(share) for share in shares)


@pytest.mark.parametrize("tokenizer", ["characters", "words"])
def test_a_chat_model_answers(tokenizer: str, shared_store: Path) -> None:
    run = trained(TALKS, tokenizer=tokenizer, max_length=60, epochs=3)
    (row,) = fmtools.predict(run.id, text=["what is 2 and 3?"], system="Be brief.", max_new_tokens=10).rows
    assert row["text"] == "what is 2 and 3?"
    assert "2 and 3" not in row["generated_text"]
    folder = run.path / "artifacts/model"
    assert "Assistant" in AutoTokenizer.from_pretrained(folder).chat_template
    assert fmtools.evaluate(run.id, data=TALKS[:9]).rows == 9
    with pytest.raises(FmError, match="are texts, but this run learned conversations"):
        fmtools.evaluate(run.id, data=TEXTS)


@pytest.mark.parametrize(
    "options",
    [
        {"model": "lstm"},
        {"packing": False},
        {"gradient_accumulation": 2, "label_smoothing": 0.1, "optimizer": "sgd"},
        {"data": [{"text": "你好，世界。今天天气很好。" * 20}], "tokenizer": "bpe", "vocabulary": 300},
    ],
    ids=["lstm", "a row a text", "accumulated", "Chinese"],
)
def test_other_ways(options: dict[str, Any], shared_store: Path) -> None:
    run = trained(**options)
    assert 1 < run.metrics["perplexity"] < 400
    assert run.predict("the wh" if "data" not in options else "你好").rows[0]["generated_text"][:2] in ("th", "你好")


@pytest.mark.parametrize("method", ["lora", "head", "last-layers"])
def test_a_pretrained_model_is_tuned_in_parts(method: str, run: fmtools.Run, shared_store: Path) -> None:
    tuned = trained(model=str(run.path / "artifacts/model"), from_scratch=False, method=method, train_layers=1)
    assert weights(tuned) != weights(run)
    assert abs(tuned.metrics["loss"] - run.metrics["loss"]) < 1.0
    assert (tuned.path / "artifacts/adapter").is_dir() is (method == "lora")


class StopAt(Silent):
    """Follows an inline run and wishes that it stops at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def start(self, run_folder: Path) -> None:
        self.folder, self.reader = run_folder, LogReader(run_folder / "events")

    def tick(self) -> None:
        if any(r["type"] == "step" and r["step"] == self.step for r in self.reader.read()):
            controls.add(self.folder, Control(action="stop"))


def test_stopped_and_resumed_is_bit_identical(shared_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmtools.api import execute
    from fmtools.core.options import ResumeOptions
    from fmtools.kit.training import narrator

    monkeypatch.setattr(narrator, "LOOK", 0.0)
    options = {**TINY, "task": "text-generation", "data": TEXTS, "dropout": 0.2, "sample_every": 3, "seed": 5}
    whole = execute(TrainOptions(**options))
    part = execute(TrainOptions(**options), StopAt(4))
    assert part.status == "stopped"
    assert weights(part) != weights(whole)
    execute(ResumeOptions(run=part.id))
    assert part.status == "done"
    assert weights(part) == weights(whole)


def test_mistakes_are_one_sentence(store: Path, tiny: Path) -> None:
    with pytest.raises(FmError, match="architecture without weights"):
        fmtools.train("text-generation", data=TEXTS, model="gpt2")
    with pytest.raises(FmError, match="no column 'txt'"):
        fmtools.train("text-generation", data=TEXTS, text_column="txt", from_scratch=True)
    run = fmtools.train("text-generation", data=TEXTS, model=str(tiny), inline=True)
    assert run.status == "failed"
    assert "reads texts and does not write" in run.head.error
    assert "Traceback" not in run.head.error
    with pytest.raises(FmError, match="cannot be divided"):
        fmtools.train("text-generation", data=TEXTS, from_scratch=True, width=30, heads=4)


def test_preparing_needs_no_torch() -> None:
    code = f"""
import sys
from fmtools.core import registry
from fmtools.core.options import PredictOptions, TrainOptions
task = registry.get("tasks", "text-generation")
options = TrainOptions(task="text-generation", data="x")
task.defaults(options)
prepared = task.prepare(registry.get("sources", "frame").load({TALKS!r}), options)
task.inputs(PredictOptions(text=["a"]), None, prepared.meta)
heavy = {{"torch", "transformers"}} & set(sys.modules)
assert not heavy, heavy
print(prepared.splits["train"].num_rows)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == 43
