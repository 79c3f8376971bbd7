from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, T5Config, T5ForConditionalGeneration
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from fmtools.kit.training.quick import QuickDropout, attend, by_hand, clip, drop, quick

BIDIRECTIONAL, CAUSAL = SimpleNamespace(is_causal=False), SimpleNamespace(is_causal=True)
GROUPED = SimpleNamespace(is_causal=True, num_key_value_groups=2)


def inputs(dtype: torch.dtype = torch.float32, heads: int = 4, of_keys: int = 4) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(3, n, 7, 8).to(dtype).requires_grad_() for n in (heads, of_keys, of_keys)]


def padded() -> torch.Tensor:
    mask = torch.ones(3, 1, 7, 7, dtype=torch.bool)
    mask[1, ..., -2:] = False
    return mask


@pytest.mark.parametrize("share", [0.1, 0.5, 0.003])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_share_is_dropped_and_the_rest_scaled(share: float, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    values = torch.ones(1001, 999, dtype=dtype)  # no multiple of four
    found = drop(values, share)
    zeros = (found == 0).float().mean().item()
    assert abs(zeros - share) < 5 * (share * (1 - share) / values.numel()) ** 0.5
    kept = found[found != 0].float()
    assert torch.allclose(kept, torch.full_like(kept, 1 / (1 - share)), rtol=2e-5 if dtype == torch.float32 else 4e-3)


def test_what_is_dropped_is_independent_of_its_neighbours() -> None:
    torch.manual_seed(2)
    gone = (drop(torch.ones(400_000), 0.25) == 0).float().view(-1, 4)  # four from one draw
    expected = torch.full((4, 4), 0.25**2).fill_diagonal_(0.25)
    assert torch.allclose(gone.T @ gone / len(gone), expected, atol=0.005)


def test_a_seed_repeats_the_draw_and_gradients_pass_where_values_did() -> None:
    values = torch.randn(50, 30, requires_grad=True)
    torch.manual_seed(3)
    first = drop(values, 0.4)
    torch.manual_seed(3)
    assert torch.equal(first, drop(values, 0.4))
    first.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad != 0, first != 0)


def test_a_module_drops_only_while_it_trains() -> None:
    module, values = QuickDropout(0.5), torch.ones(1000)
    assert 300 < (module(values) == 0).sum() < 700
    assert torch.equal(module.eval()(values), values)
    assert torch.equal(QuickDropout(0.0)(values), values)
    assert not QuickDropout(1.0)(values).any()


@pytest.mark.parametrize(
    ("module", "mask"),
    [
        (BIDIRECTIONAL, None),
        (CAUSAL, None),
        (BIDIRECTIONAL, padded()),
        (BIDIRECTIONAL, torch.zeros(3, 1, 7, 7).masked_fill(~padded(), torch.finfo(torch.float32).min)),
        (GROUPED, None),
        (GROUPED, padded()),
    ],
    ids=["all", "causal", "padded", "float mask", "grouped", "grouped, padded"],
)
@pytest.mark.parametrize("scaling", [None, 0.7])
def test_attention_by_hand_is_that_of_torch(module: Any, mask: torch.Tensor | None, scaling: float | None) -> None:
    parts = inputs(of_keys=2 if module is GROUPED else 4)
    wanted, _ = sdpa_attention_forward(module, *parts, mask, 0.0, scaling)
    torch.testing.assert_close(by_hand(module, tuple(parts), (mask, None), 0.0, scaling, None), wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("mask", [None, padded()], ids=["causal", "padded"])
def test_places_are_added_as_torch_adds_them(mask: torch.Tensor | None) -> None:
    parts, places = inputs(), torch.randn(1, 4, 7, 7)
    wanted, _ = sdpa_attention_forward(CAUSAL, *parts, mask, 0.0, 1.0, None, places)
    torch.testing.assert_close(by_hand(CAUSAL, tuple(parts), (mask, places), 0.0, 1.0, None), wanted)  # type: ignore[arg-type]


def test_attention_with_dropout_is_right_in_the_mean() -> None:
    parts = inputs()
    torch.manual_seed(4)
    mean = sum(attend(BIDIRECTIONAL, *parts, padded(), 0.2)[0] for _ in range(4000)) / 4000  # type: ignore[arg-type]
    wanted, _ = sdpa_attention_forward(BIDIRECTIONAL, *parts, padded(), 0.0)
    torch.testing.assert_close(mean, wanted, atol=0.03, rtol=0)


@pytest.mark.parametrize("mask", [None, padded(), torch.zeros(3, 1, 7, 7, dtype=torch.bfloat16)])
def test_sixteen_bits_without_dropout_have_the_exact_result_and_gradients(mask: torch.Tensor | None) -> None:
    ours, exact = inputs(torch.bfloat16), [part.detach().float().requires_grad_() for part in inputs(torch.bfloat16)]
    with torch.autocast("cpu", torch.bfloat16):
        found, _ = attend(BIDIRECTIONAL, *ours, mask)
    wanted, _ = sdpa_attention_forward(
        BIDIRECTIONAL, *exact, mask if mask is None or mask.dtype == torch.bool else mask.float()
    )
    found.square().sum().backward()
    wanted.square().sum().backward()
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), wanted, rtol=0.01, atol=0.01)
    for a, b in zip(ours, exact, strict=True):
        torch.testing.assert_close(a.grad.float(), b.grad, rtol=0.03, atol=0.03)


def bert() -> Any:
    torch.manual_seed(5)
    shape = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "vocab_size": 50,
    }
    return BertForSequenceClassification(BertConfig(**shape))


def t5() -> Any:
    torch.manual_seed(5)
    return T5ForConditionalGeneration(
        T5Config(vocab_size=50, decoder_start_token_id=0, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    )


@pytest.mark.parametrize("make", [bert, t5])
def test_a_model_trains_with_it_and_nothing_of_it_is_left(make: Any) -> None:
    model, before = make(), [type(m) for m in make().modules()]
    ids = torch.randint(1, 50, (4, 9))
    labels = torch.tensor([0, 1, 0, 1]) if make is bert else ids
    with quick(model):
        assert QuickDropout in {type(m) for m in model.modules()}
        assert ALL_ATTENTION_FUNCTIONS["sdpa"] is attend
        losses = [model(input_ids=ids, labels=labels).loss for _ in range(60)]
        losses[0].backward()
        assert torch.stack(losses).std() > 0
        assert all(p.grad is not None for p in model.parameters())
        sure = model.eval()(input_ids=ids, labels=labels).loss.detach()
    assert [type(m) for m in model.modules()] == before
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is sdpa_attention_forward
    assert torch.equal(model(input_ids=ids, labels=labels).loss, sure)
    assert abs(torch.stack(losses).mean() - sure) < 0.1


def test_modules_that_are_no_transformers_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
    with quick(model):
        assert type(model[1]) is nn.Dropout


def test_it_is_restored_when_a_training_breaks() -> None:
    model = bert()
    with pytest.raises(ZeroDivisionError), quick(model):
        raise ZeroDivisionError
    assert QuickDropout not in {type(m) for m in model.modules()}
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is sdpa_attention_forward


def stepped(limit: float, ours: bool, **options: Any) -> tuple[nn.Module, float]:
    torch.manual_seed(6)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, **options)
    for _ in range(5):
        optimizer.zero_grad()
        model(torch.randn(20, 5)).square().sum().backward()
        norm = clip(model, optimizer, limit) if ours else nn.utils.clip_grad_norm_(model.parameters(), limit)
        if norm is None:
            norm = nn.utils.clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
    return model, float(norm)


@pytest.mark.parametrize("limit", [0.01, 1.0, 1e6])
@pytest.mark.parametrize("fused", [True, False])
def test_clipping_is_that_of_torch(limit: float, fused: bool) -> None:
    (ours, norm), (stock, wanted) = stepped(limit, True, fused=fused), stepped(limit, False, fused=fused)
    assert norm == pytest.approx(wanted, rel=1e-5)
    for a, b in zip(ours.parameters(), stock.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_gradients_that_are_no_numbers_are_not_hidden() -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    (model(torch.ones(1, 2)) * float("nan")).sum().backward()
    norm = clip(model, optimizer, 1.0)
    optimizer.step()
    assert norm is not None
    assert norm.isnan()
    assert model.weight.isnan().all()
