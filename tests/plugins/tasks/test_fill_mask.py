"""The task from end to end: real trainings of tiny encoders, through the doorway that users take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

import fmtools
from fmtools.api import execute
from fmtools.core.errors import FmError
from fmtools.core.events import Control
from fmtools.core.options import ResumeOptions, TrainOptions
from fmtools.kit.models.masking import Masked
from fmtools.kit.rows import documents
from fmtools.kit.training import narrator
from fmtools.runtime.wait import Silent
from fmtools.store import controls
from fmtools.store.log import LogReader
from support import weights

TEXTS = [
    {"text": f"the {'whale' if i % 2 else 'ship'} swims in the {'sea' if i % 2 else 'bay'} near {i}"} for i in range(60)
]
TINY = {
    "from_scratch": True, "layers": 1, "heads": 2, "width": 16, "max_length": 32, "batch_size": 8, "epochs": 2,
    "watch_every": 0, "precision": "fp32", "inline": True, "tokenizer": "words",
}  # fmt: skip


def trained(**options: Any) -> fmtools.Run:
    run = fmtools.train("fill-mask", **{"data": TEXTS, **TINY, **options})
    assert run.status == "done", run.head.error
    return run


@pytest.fixture(scope="module")
def run(shared_store: Path) -> fmtools.Run:
    return trained(epochs=20, learning_rate=3e-3, watch_every=40)


def test_the_score_is_that_of_the_folder_over_every_hidden_token(run: fmtools.Run) -> None:
    """Counted again with plain transformers, row by row."""
    folder = run.path / "artifacts/model"
    model, words = AutoModelForMaskedLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    from fmtools.core import registry

    data = registry.get("sources", "frame").load(TEXTS)
    held = (
        documents.prepare(data, TrainOptions(data="x"), documents.text_shape).splits["validation"]["text"].to_pylist()
    )
    rows = Masked(words, held, 32, 0, fixed=True)
    nats, right = [], []
    for i in range(len(rows)):
        ids, labels = (torch.as_tensor(rows[i][name])[None] for name in ("input_ids", "labels"))
        with torch.no_grad():
            logits = model(input_ids=ids).logits
        asked = labels != -100
        nats.append(torch.nn.functional.cross_entropy(logits[asked], labels[asked], reduction="none"))
        right.append(logits[asked].argmax(-1) == labels[asked])
    loss = torch.cat(nats).mean().item()
    assert run.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert run.metrics["perplexity"] == pytest.approx(np.exp(loss), rel=1e-5)
    assert run.metrics["accuracy"] == pytest.approx(torch.cat(right).float().mean().item())
    assert run.history["validation/loss"][-1][1] == pytest.approx(loss, rel=1e-5)
    assert run.evaluate().metrics == run.metrics


def test_gaps_are_filled_as_the_pipeline_does(run: fmtools.Run) -> None:
    folder = str(run.path / "artifacts/model")
    first, second = fmtools.predict(
        run.id, text=["the whale swims ___ the sea near 3", "the [MASK] in <mask>"], top=4
    ).rows
    true = pipeline("fill-mask", folder, top_k=4)("the whale swims <mask> the sea near 3")
    assert [(one["token"], one["token_str"]) for one in first["top"]] == [(t["token"], t["token_str"]) for t in true]
    assert [one["score"] for one in first["top"]] == pytest.approx([t["score"] for t in true], rel=1e-4)
    assert first["token_str"] == "in"
    assert first["sequence"] == "the whale swims in the sea near 3"
    assert len(second["gaps"]) == 2
    assert second["top"] == second["gaps"][0]
    assert run.attention("the ___").tokens == ["<cls>", "the", "<mask>", "<sep>"]
    with pytest.raises(FmError, match="no gap to fill"):
        run.predict("the whale")


def test_an_encoder_gets_an_output_layer(tiny: Path, shared_store: Path) -> None:
    run = trained(model=str(tiny), from_scratch=False)
    assert run.history["validation/loss"][-1][1] < run.history["validation/loss"][0][1]
    assert run.predict("the [MASK] swims").rows[0]["gaps"]
    failed = fmtools.train(
        "fill-mask", **{**TINY, "data": TEXTS, "model": str(tiny), "from_scratch": False, "method": "lora"}
    )
    assert failed.status == "failed"
    assert "an adapter would leave it random" in failed.head.error
    again = trained(model=str(run.path / "artifacts/model"), from_scratch=False, method="lora", max_steps=2)
    assert (again.path / "artifacts/adapter").is_dir()


def test_chinese_from_scratch(shared_store: Path) -> None:
    texts = [{"text": f"今天天气很好，我们去公园散步{i}。"} for i in range(30)]
    run = trained(data=texts, watch_every=4)
    assert run.predict("今天天___很好").rows[0]["sequence"].startswith("今天天")
    assert "天" in run.view.increment().probes[0].tokens


class StopAt(Silent):
    """Follows an inline run and wishes that it stops at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def start(self, run_folder: Path) -> None:
        self.folder, self.reader = run_folder, LogReader(run_folder / "events")

    def tick(self) -> None:
        if any(r["type"] == "step" and r["step"] == self.step for r in self.reader.read()):
            controls.add(self.folder, Control(action="stop"))


def test_stopped_and_resumed_hides_the_same_tokens(shared_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the second epoch, whose masks are others than the first's."""
    monkeypatch.setattr(narrator, "LOOK", 0.0)
    options = {**TINY, "task": "fill-mask", "data": TEXTS, "epochs": 3}
    whole = execute(TrainOptions(**options))
    part = execute(TrainOptions(**options), StopAt(9))
    assert part.status == "stopped"
    execute(ResumeOptions(run=part.id))
    assert part.status == "done"
    assert weights(part) == weights(whole)
