"""Which column becomes which argument of a user's forward, and how classes and numbers are told apart."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from fmtools.core import registry
from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError, ModelError
from fmtools.core.options import TrainOptions
from fmtools.kit.module import box as module_box
from fmtools.kit.module import data as module_data
from fmtools.kit.module.answers import Judge
from fmtools.kit.module.rows import column, tokens

ROWS = [
    {"id": i, "text": f"row {i}", "x": i / 10, "n": i, "vector": [float(i), 1.0], "kind": "ab"[i % 2]}
    for i in range(40)
]


def data(rows: Any) -> Dataset:
    found: Dataset = registry.get("sources", "frame").load(rows)
    return found


def prepare(module: Any, rows: Any = ROWS, **given: Any) -> Any:
    return module_data.prepare(data(rows), TrainOptions(task="custom", data="x", model=module, **given))


def taking(*names: str) -> nn.Module:
    """Make a module whose forward takes arguments of these names."""
    space: dict[str, Any] = {"nn": nn}
    exec(f"class Net(nn.Module):\n    def forward(self, {', '.join(names)}): ...", space)
    found: nn.Module = space["Net"]()
    return found


@pytest.mark.parametrize(
    ("names", "arguments"),
    [
        (("x", "n"), {"x": "x", "n": "n"}),
        (("x", "kind"), {"x": "x", "kind": "#label"}),
        (("x", "labels"), {"x": "x", "labels": "#label"}),
        (("features",), {"features": "#features"}),
        (
            ("input_ids", "attention_mask", "target"),
            {"input_ids": "#ids", "attention_mask": "#mask", "target": "#label"},
        ),
        (("text", "y=None"), {"text": "text", "y": "#label"}),
        (("vector", "other=None"), {"vector": "vector"}),
    ],
)
def test_arguments_are_found_by_name(names: tuple[str, ...], arguments: dict[str, str]) -> None:
    prepared = prepare(taking(*names))
    assert prepared.meta["fit"]["arguments"] == arguments
    assert sum(t.num_rows for t in prepared.splits.values()) == 40
    assert prepared.notices[0].startswith("forward gets ")


def test_all_numbers_but_ids_are_features() -> None:
    assert prepare(taking("inputs")).meta["fit"]["features"] == ["x", "n"]


def test_labels_are_classes_or_numbers_by_their_type() -> None:
    assert prepare(taking("x")).meta["labels"] == ["a", "b"]
    assert prepare(taking("n"), label_column="x").meta["label_kind"] == "number"
    counted = [{"x": i / 10, "label": i % 3} for i in range(40)]
    assert prepare(taking("x"), counted).meta["labels"] == ["0", "1", "2"]
    amounts = [{"x": i / 10, "label": 5 * i} for i in range(40)]
    assert prepare(taking("x", "label"), amounts).meta["label_kind"] == "number"
    assert prepare(taking("x", "label"), amounts).splits["train"]["label"].to_pylist()[1] % 5 == 0


@pytest.mark.parametrize(
    ("module", "given", "sentence"),
    [
        (taking("height", "width"), {}, "asks for 'height' and 'width'"),
        (taking("x"), {"text_column": "tex"}, "There is no column 'tex'"),
        (nn.ModuleList(), {}, "takes nothing"),
    ],
)
def test_what_does_not_fit_is_named(module: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        prepare(
            module, [{k: v for k, v in row.items() if k not in ("n", "vector", "x", "text")} for row in ROWS], **given
        )


def test_a_value_of_another_kind_is_named_with_its_row() -> None:
    other = Dataset(
        "frame", {"train": data(ROWS).splits["all"], "test": data([{**ROWS[0], "x": "tall"}]).splits["all"]}
    )
    with pytest.raises(DataError, match="'tall' in test row 1"):
        module_data.prepare(other, TrainOptions(task="custom", data="x", model=taking("x")))


def test_columns_become_tensors() -> None:
    assert column("x", [1, 2], "int").dtype == torch.int64
    assert column("x", [1.5, 2.0], "float").dtype == torch.float32
    assert column("v", [[1, 2], [3]], "list").tolist() == [[1, 2], [3, 0]]
    assert column("v", [[], [3]], "list").dtype == torch.int64
    assert column("v", [[[1.0], [2.0]], [[3.0], [4.0]]], "list").shape == (2, 2, 1)
    with pytest.raises(DataError, match="differ in shape"):
        column("v", [[[1.0]], [[1.0], [2.0]]], "list")


def test_any_function_may_be_a_tokenizer() -> None:
    assert tokens(lambda text: [len(word) for word in text.split()], ["a bb", ""], 8) == [[1, 2], [0]]
    with pytest.raises(DataError, match="whole numbers"):
        tokens(str.split, ["a b"], 8)


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        ("text", "returns a str"),
        ({"loss": 3.0}, "is a float, not a tensor"),
        ({"loss": torch.zeros(4)}, r"shape \[4\]"),
        (torch.zeros(4, 2), "does not fit a label of 3 classes"),
        (None, "returns a NoneType"),
    ],
)
def test_answers_that_mean_nothing_are_named(returned: Any, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Judge("classes", 3).read(returned, torch.tensor([0, 1, 2, 0]), 4)


def test_losses_are_torch_s_own() -> None:
    logits, truth = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    mine = Judge("classes", 3, 0.1).read(logits, truth, 6).loss
    assert mine is not None
    assert torch.equal(mine, nn.functional.cross_entropy(logits, truth, label_smoothing=0.1))
    one = Judge("classes", 2).read(logits[:, :1], truth % 2, 6).loss
    assert one is not None
    assert torch.allclose(one, nn.functional.binary_cross_entropy_with_logits(logits[:, 0], (truth % 2).float()))
    number = Judge("number", 0).read(logits[:, :1], truth.float(), 6).loss
    assert number is not None
    assert torch.equal(number, nn.functional.mse_loss(logits[:, 0], truth.float()))


def test_a_folder_that_fmtools_has_not_saved_is_never_opened(tmp_path: Any) -> None:
    (tmp_path / "module.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ModelError, match="no module that fmtools has saved"):
        module_box.unpack(tmp_path)
