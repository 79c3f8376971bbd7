"""custom: modules that a user might define in a cell, trained from a table; what does not fit is one sentence."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score
from torch import nn

import fmtools
from fmtools.core.errors import FmError
from fmtools.views import predictions
from support import at_step, kill, records, rows, weights

EACH_STEP = 1e-6


def frame(count: int = 120, seed: int = 0) -> pd.DataFrame:
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        a, b, c = (chance.gauss(0, 1) for _ in range(3))
        found.append({"a": a, "b": b, "c": c, "kind": "up" if a + b > c else "down", "price": 2 * a - b + 0.5})
    return pd.DataFrame(found)


class Classifier(nn.Module):
    """Its sizes are told by the data."""

    def __init__(self, vocab_size: int, num_labels: int, width: int = 16) -> None:
        super().__init__()
        self.words = nn.Embedding(vocab_size, width, padding_idx=0)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(width, num_labels)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.lstm(self.words(input_ids))
        mask = attention_mask.unsqueeze(-1)
        return self.out(self.dropout((hidden * mask).sum(1) / mask.sum(1)))


class Own(nn.Module):
    """Computes its own loss and returns what it likes beside it."""

    def __init__(self, shape: str = "mean") -> None:
        super().__init__()
        self.line, self.shape = nn.Linear(2, 1), shape

    def forward(self, a: torch.Tensor, b: torch.Tensor, price: torch.Tensor | None = None) -> dict[str, Any]:
        guess = self.line(torch.stack([a, b], -1)).squeeze(-1)
        if price is None:
            return {"guess": guess}
        loss = (guess - price) ** 2
        return {"loss": loss if self.shape == "rows" else loss.mean(), "bias": self.line.bias.mean(), "guess": guess}


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """A net that a test makes begins the same whichever tests ran before in this process."""
    torch.manual_seed(0)


def train(module: Any, data: Any = None, **options: Any) -> fmtools.Run:
    usual = {"data": frame() if data is None else data, "epochs": 3, "learning_rate": 0.05, "inline": True}
    return fmtools.train("custom", model=module, **{"precision": "fp32", **usual, **options})


def said(run: fmtools.Run) -> str:
    return " ".join(r["text"] for r in records(run) if r["type"] == "notice")


def cause(run: fmtools.Run) -> str:
    assert run.status == "failed"
    failure = next(r for r in records(run) if r["type"] == "error")
    assert not failure["traceback"], failure["traceback"]
    assert "\n" not in failure["cause"]
    return str(failure["cause"] + " " + failure["cure"])


def test_a_linear_net_classifies_a_frame(store: Path) -> None:
    run = train(nn.Linear(3, 2), frame().drop(columns="price"), epochs=15)
    assert run.status == "done", run.to_json()["error"]
    assert "input = the numbers of 'a', 'b', 'c'" in said(run)
    assert "cross entropy, chosen by the label" in said(run)
    other = frame(40, 5).drop(columns="price")
    told = fmtools.predict(run.id, data=other.drop(columns="kind")).rows
    scores = fmtools.evaluate(run.id, data=other).metrics
    guess = [row["label"] for row in told]
    assert scores["accuracy"] == pytest.approx(accuracy_score(other["kind"], guess), abs=1e-6)
    assert scores["f1_macro"] == pytest.approx(f1_score(other["kind"], guess, average="macro"), abs=1e-6)
    assert scores["accuracy"] > 0.8
    assert run.report["up"]["support"] + run.report["down"]["support"] == 12


def test_a_net_learns_a_number_and_is_scored_as_a_regression(store: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    run = train(net, frame().drop(columns="kind"), label_column="price")
    assert "mean squared error" in said(run)
    other = frame(40, 5)
    told = [row["prediction"] for row in fmtools.predict(run.id, data=other).rows]
    scores = fmtools.evaluate(run.id, data=other).metrics
    assert scores["mae"] == pytest.approx(mean_absolute_error(other["price"].astype("float32"), told), abs=1e-6)
    assert scores["r2"] == pytest.approx(r2_score(other["price"].astype("float32"), told), abs=1e-6)
    base = fmtools.baseline(other, task="custom", label_column="price")
    assert base.metrics["mae"] > scores["mae"]


def test_a_class_is_made_with_the_sizes_that_the_data_tell(store: Path) -> None:
    run = fmtools.train(
        "text-classification",
        model=Classifier,
        data=rows(120),
        epochs=4,
        learning_rate=0.02,
        inline=True,
        precision="fp32",
    )
    assert run.status == "done", run.to_json()["error"]
    assert "num_labels=3" in said(run)
    assert run.metrics["accuracy"] > 0.6
    answer = fmtools.predict(run.id, text=["good day", "bad day"])
    assert {"label", "score", "top"} <= set(answer[0])
    assert predictions.html(answer.rows)


def test_what_a_dict_holds_is_logged_and_told_row_by_row(store: Path) -> None:
    run = train(Own(), label_column="price")
    assert {"loss", "bias"} <= set(run.metrics)
    assert "validation/bias" in run.history
    some = frame(5, 3)
    told = fmtools.predict(run.id, data=some[["a", "b"]])
    from safetensors.torch import load_file

    net = Own()
    net.load_state_dict(load_file(run.path / "artifacts/model/model.safetensors"))
    wanted = net(torch.tensor(some["a"].values).float(), torch.tensor(some["b"].values).float())["guess"]
    assert np.allclose([row["answer"]["guess"] for row in told.rows], wanted.detach().numpy(), atol=1e-5)
    assert "guess" in told.text()


def test_a_transformers_model_trains_as_any_module(store: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3
    )
    run = train(BertForSequenceClassification(config), rows(60), epochs=1)
    assert run.status == "done", run.to_json()["error"]
    assert "held to the 300 rows" in said(run)
    assert "accuracy" in run.metrics


def test_lists_are_padded_and_tuples_are_read(store: Path) -> None:
    class Sums(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(1, 1)

        def forward(self, values: torch.Tensor, total: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            guess = self.line(values.sum(1, keepdim=True)).squeeze(-1)
            return ((guess - total) ** 2).mean(), guess

    data = [{"values": [float(j) for j in range(i % 4 + 1)], "total": float(i % 4)} for i in range(60)]
    run = train(Sums(), data, label_column="total")
    assert run.status == "done", run.to_json()["error"]
    assert {"loss", "mae", "r2"} <= set(run.metrics)


def test_the_module_is_code_kept_for_its_owner_under_its_sha256(store: Path) -> None:
    run = train(nn.Linear(3, 2), frame().drop(columns="price"), epochs=1)
    for folder in (run.path / "module", run.path / "artifacts/model"):
        assert (folder / "module.pkl").stat().st_mode & 0o777 == 0o600
    (run.path / "artifacts/model/module.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(FmError, match="damaged"):
        fmtools.predict(run.id, data=frame(3))


class Locked(nn.Module):
    """Cannot travel."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.guard = nn.Linear(3, 2), threading.Lock()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x)


class Asks(nn.Module):
    """Asks for columns that are not there."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 2)

    def forward(self, height: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
        return self.line(torch.stack([height, width], -1))


class Sized(nn.Module):
    """Its class needs what no data tell."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.line = nn.Linear(3, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x)


@pytest.mark.parametrize(
    ("module", "options", "sentence"),
    [
        (Locked(), {}, "because of its attribute 'guard'"),
        (Asks(), {}, "asks for 'height' and 'width', and the data have 'a'"),
        (nn.Linear(3, 2), {"method": "lora"}, "--method lora is not for a module of your own"),
        (nn.Linear(3, 2), {"label_column": "kinf"}, "There is no column 'kinf'"),
        ("minilm", {}, "custom trains a module of your own"),
    ],
)
def test_what_cannot_work_is_said_before_there_is_a_run(store: Path, module: Any, options: Any, sentence: str) -> None:
    with pytest.raises(FmError) as caught:
        train(module, frame().drop(columns="price"), **options)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(store.rglob("run.json"))


@pytest.mark.parametrize(
    ("module", "options", "sentence"),
    [
        (nn.Linear(4, 2), {}, "It was given input: float32 [4, 3]"),
        (nn.Linear(3, 1), {"label_column": "c"}, "It was given input: float32 [4, 2]"),
        (nn.Linear(3, 5), {"data": frame().drop(columns="kind"), "label_column": "price"}, "one number a row"),
        (Own("rows"), {"data": frame(), "label_column": "price"}, "the shape [4]; it has to be one number"),
        (nn.Identity(), {}, "no weights that can be trained"),
        (Sized, {}, "asks for 'hidden', which the data do not tell"),
    ],
)
def test_what_the_first_rows_show_is_one_sentence(store: Path, module: Any, options: Any, sentence: str) -> None:
    run = train(module, **{"data": frame().drop(columns="price"), **options})
    assert sentence in cause(run)


def test_lazy_batch_normed_and_tied_modules_come_back_as_they_were(store: Path) -> None:
    tied = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    tied[2].weight = tied[0].weight
    for module in (nn.LazyLinear(2), tied):
        run = train(module, frame().drop(columns="price"), epochs=1)
        assert run.status == "done", run.to_json()["error"]
        last = dict(run.history["validation/accuracy"])
        assert run.metrics["accuracy"] == pytest.approx(last[max(last)])


def test_other_tasks_say_what_to_type_instead(store: Path) -> None:
    with pytest.raises(FmError, match="%fm_train custom --model net"):
        fmtools.train("token-classification", model=nn.Linear(3, 2), data=frame())


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_run_ends_as_if_nothing_had_happened(store: Path) -> None:
    options = {"data": rows(96), "epochs": 2, "batch_size": 8, "learning_rate": 0.01}
    whole = train(Classifier, **options)
    killed = train(Classifier, **options, inline=False, background=True, save_minutes=EACH_STEP)
    at_step(killed, 9)
    kill(killed)
    killed.resume()
    assert killed.status == "done", killed.to_json()["error"]
    assert weights(killed) == weights(whole)
    assert killed.metrics == whole.metrics
