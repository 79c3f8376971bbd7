"""What a card wants, as far as it can be seen without one: settings by device, steady batches, one compiled graph."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fmtools.core.contracts import Parts
from fmtools.kit.machine import gpu
from fmtools.kit.models.blocks import PadTargets
from fmtools.kit.models.language_model import target_loss
from fmtools.kit.training import steady, whole_loss
from fmtools.kit.training.batches import PadTexts
from fmtools.kit.training.losses import IGNORED

ROWS: list[dict[str, Any]] = [{"input_ids": list(range(2, 2 + n)), "labels": 1} for n in (5, 11)]


def test_settings_by_device() -> None:
    assert gpu.arguments("cpu", PadTexts(0)) == {"use_cpu": True, "dataloader_pin_memory": False}
    assert gpu.arguments("mps", PadTexts(0)) == {"use_cpu": False, "dataloader_pin_memory": False}
    card = gpu.arguments("cuda", steady.Steady(PadTexts(0), 0, 128))
    assert card["dataloader_pin_memory"]
    assert card["accelerator_config"] == {"non_blocking": True}
    assert card["dataloader_num_workers"] == gpu.LOADERS
    drawing = gpu.arguments("cuda", lambda rows: rows)
    assert drawing["dataloader_num_workers"] == 0  # its random numbers would come from another process


@pytest.mark.parametrize(
    ("length", "most", "round_one"),
    [
        (3, 128, 8),
        (8, 128, 8),
        (57, 128, 64),
        (64, 128, 64),
        (65, 512, 128),
        (100, 100, 100),
        (99, 100, 100),
        (9, 5, 9),
    ],
)
def test_lengths_are_rounded_up_and_never_beyond_what_a_model_reads(length: int, most: int, round_one: int) -> None:
    assert steady.rounded(length, most) == round_one


def test_padding_to_a_round_length_changes_no_answer() -> None:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model = BertModel(BertConfig(vocab_size=40, **shape), add_pooling_layer=False).eval()
    plain, padded = PadTexts(0)(ROWS), steady.Steady(PadTexts(0), 0, 128)(ROWS)
    assert padded["input_ids"].shape == padded["attention_mask"].shape == (2, 16)
    assert padded["labels"].tolist() == [1, 1]
    with torch.no_grad():
        answers = [
            model(batch["input_ids"], batch["attention_mask"]).last_hidden_state[:, :11] for batch in (plain, padded)
        ]
    seen = plain["attention_mask"].bool()
    torch.testing.assert_close(answers[0][seen], answers[1][seen], atol=1e-5, rtol=1e-5)


def test_labels_of_tokens_are_padded_and_labels_of_classes_are_not() -> None:
    def tags(rows: Any) -> dict[str, torch.Tensor]:
        return {**PadTexts(0)(rows), "labels": torch.ones((2, 11), dtype=torch.long)}

    def classes(rows: Any) -> dict[str, torch.Tensor]:
        return {**PadTexts(0)(rows), "labels": torch.ones((2, 11))}  # as many classes as tokens

    def unknown(rows: Any) -> dict[str, torch.Tensor]:
        return {**PadTexts(0)(rows), "boxes": torch.ones((2, 11), dtype=torch.long)}

    tagged = steady.Steady(tags, 0, 128)(ROWS)["labels"]
    assert tagged.shape == (2, 16)
    assert (tagged[:, 11:] == IGNORED).all()
    assert steady.Steady(classes, 0, 128)(ROWS)["labels"].shape == (2, 11)
    assert steady.Steady(unknown, 0, 128)(ROWS)["input_ids"].shape == (2, 11)


def test_trainers_of_other_libraries_keep_their_batches() -> None:
    collate = PadTexts(0)
    words = type("Words", (), {"pad_token_id": 0})()
    ours = Parts(None, words, None, None, collate, [])
    assert isinstance(steady.on_card(ours, 64), steady.Steady)
    ours.arguments = object
    assert steady.on_card(ours, 64) is collate


def test_a_short_block_is_filled_up_without_a_mask_and_costs_the_same_loss() -> None:
    rows = [{"input_ids": torch.arange(n) + 1, "labels": torch.arange(n) + 2} for n in (16, 5)]
    masked, bare = PadTargets(0)(rows), PadTargets(0, width=16)(rows)
    assert "attention_mask" in masked
    assert set(bare) == {"input_ids", "labels"}
    assert bare["input_ids"].shape == (2, 16)
    model = tiny_gpt().eval()
    loss = target_loss()
    found = [
        loss(model(**{k: v for k, v in batch.items() if k != "labels"}), batch["labels"]) for batch in (masked, bare)
    ]
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("precision", [None, "bf16"])
def test_model_and_loss_are_one_graph(precision: str | None) -> None:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    graphs: list[Any] = []

    def count(graph: Any, inputs: Any) -> Any:
        graphs.append(inputs)
        return graph.forward

    AcceleratorState._reset_state(reset_partial_state=True)
    model = Accelerator(cpu=True, mixed_precision=precision or "no").prepare_model(tiny_gpt().train())
    loss = target_loss()
    whole = whole_loss.compiled(loss, steady=True, backend=count)
    batch, labels = {"input_ids": torch.arange(32).view(2, 16)}, torch.arange(32).view(2, 16) % 7
    items = torch.tensor(32)
    found = whole(model, batch, labels, items)
    assert len(graphs) == 1  # nothing of a step is left out
    torch.testing.assert_close(found, loss(model(**batch), labels, num_items_in_batch=items))
    found.backward()
    assert all(weight.grad is not None for weight in model.parameters())
    AcceleratorState._reset_state(reset_partial_state=True)


def tiny_gpt() -> Any:
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=64, n_positions=32, n_embd=16, n_layer=1, n_head=2)
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        setattr(config, name, 0.0)
    return GPT2LMHeadModel(config)
