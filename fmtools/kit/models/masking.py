"""Texts with tokens hidden: which, depends on seed, epoch and row alone, so that a resumed training hides the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...core.errors import DataError
from ..training.losses import IGNORED
from .blocks import AT_ONCE

#: Of the tokens, so many are asked for; of these, so many are hidden and so many replaced by another; the rest stay (BERT).
ASKED, HIDDEN, REPLACED = 0.15, 0.8, 0.1


class Masked(torch.utils.data.Dataset[dict[str, Any]]):
    """Pieces of texts, at most `size` tokens with the special ones around them, some of whose tokens are hidden.

    Long texts become several pieces: nothing is cut off. Each epoch hides other tokens, unless `fixed` (validation).
    """

    def __init__(self, tokenizer: Any, texts: list[str], size: int, seed: int, fixed: bool = False) -> None:
        self.tokenizer, self.seed, self.fixed, self.epoch = tokenizer, seed, fixed, 0
        self.ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
        self.rows = _pieces(tokenizer, texts, size)
        if not self.rows:
            raise DataError("The texts have no token that the model knows.", "Give other texts.")
        self.lengths = [len(row) for row in self.rows]

    def set_epoch(self, epoch: int) -> None:
        """Hide other tokens from now on; the Trainer says it at the beginning of each epoch."""
        self.epoch = 0 if self.fixed else epoch

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        ids = np.asarray(self.rows[index], np.int64)
        chance = np.random.default_rng([self.seed, self.epoch, index])
        free = np.flatnonzero(~np.isin(ids, self.tokenizer.all_special_ids))
        asked = np.sort(chance.permutation(free)[: max(1, round(ASKED * len(free)))])
        labels = np.full_like(ids, IGNORED)
        labels[asked] = ids[asked]
        kind = chance.random(len(asked))
        ids[asked[kind < HIDDEN]] = self.tokenizer.mask_token_id
        other = asked[(kind >= HIDDEN) & (kind < HIDDEN + REPLACED)]
        ids[other] = chance.choice(self.ordinary, len(other))
        return {"input_ids": ids, "labels": labels}


def _pieces(tokenizer: Any, texts: list[str], size: int) -> list[list[int]]:
    before, after = _frame(tokenizer)
    special = set(tokenizer.all_special_ids)
    room = max(1, size - len(before) - len(after))
    found = []
    for start in range(0, len(texts), AT_ONCE):
        options = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
        for ids in tokenizer(texts[start : start + AT_ONCE], **options)["input_ids"]:
            parts = (ids[i : i + room] for i in range(0, len(ids), room))
            found += [[*before, *part, *after] for part in parts if not special.issuperset(part)]
    return found


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that stand before and after a text."""
    probe = tokenizer("a", return_special_tokens_mask=True)
    ids, extra = probe["input_ids"], probe["special_tokens_mask"]
    first = next((i for i, one in enumerate(extra) if not one), len(ids) // 2)
    last = next((i for i in range(len(ids), first, -1) if not extra[i - 1]), first)
    return ids[:first], ids[last:]
