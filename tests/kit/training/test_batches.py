"""Rows, padding, and an order that a resume repeats."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.kit.training.batches import LengthGroups, PadTexts

lengths = st.lists(st.integers(1, 60), min_size=1, max_size=400)


@settings(max_examples=60, deadline=None)
@given(lengths, st.integers(1, 17), st.integers(0, 5), st.integers(0, 9))
def test_every_row_once_in_an_order_that_seed_and_epoch_decide(
    sizes: list[int], batch: int, seed: int, epoch: int
) -> None:
    import torch

    sampler = LengthGroups(sizes, batch, seed, lambda: epoch)
    torch.manual_seed(1)
    first = list(sampler)
    torch.manual_seed(2)  # the global state has no say
    assert list(sampler) == first
    assert sorted(first) == list(range(len(sizes)))
    assert len(sampler) == len(first)


def test_epochs_differ_and_rows_of_like_length_are_together() -> None:
    chance = random.Random(0)
    sizes = [chance.randint(1, 100) for _ in range(800)]
    epoch = [0]
    sampler = LengthGroups(sizes, 8, 3, lambda: epoch[0])
    first = list(sampler)
    epoch[0] = 1
    assert list(sampler) != first

    def padding(order: list[int]) -> int:
        batches = [[sizes[i] for i in order[at : at + 8]] for at in range(0, len(order), 8)]
        return sum(max(batch) * len(batch) - sum(batch) for batch in batches)

    assert padding(first) < padding(list(range(800))) / 5
    # Batches come in random order: the lengths do not rise from the first to the last.
    means = [sum(sizes[i] for i in first[at : at + 8]) for at in range(0, 800, 8)]
    assert means != sorted(means)


def test_padding_is_masked_and_labels_are_kept() -> None:
    rows = [{"input_ids": [5, 6, 7], "labels": 1}, {"input_ids": [8], "labels": 0}]
    batch = PadTexts(9)(rows)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [1, 0]
    assert "labels" not in PadTexts(9)([{"input_ids": [1]}])


@pytest.mark.parametrize("count", [1, 7, 8, 9])
def test_only_the_last_batch_is_short(count: int) -> None:
    sizes = list(range(1, count + 1))
    order = list(LengthGroups(sizes, 4, 0, lambda: 0))
    # The rows of each full batch are neighbours in length: 1 2 3 4, 5 6 7 8.
    for at in range(0, count - count % 4, 4):
        chosen = sorted(sizes[i] for i in order[at : at + 4])
        assert chosen[-1] - chosen[0] == 3
