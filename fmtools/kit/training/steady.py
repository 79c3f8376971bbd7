"""Batches whose lengths are few and round: tensor cores want multiples of 8, and every new shape costs a card time.

Padding changes no result: the mask leaves added tokens out, and nothing is asked of them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from .losses import IGNORED

#: Lengths are rounded up to multiples of STEP, short ones (up to STEP) of SHORT.
SHORT, STEP = 8, 64
#: What is added to tensors [rows, n] of a batch, by name; ids get the tokenizer's padding.
ADDED = {"attention_mask": 0, "token_type_ids": 0, "special_tokens_mask": 1}
KNOWN = {"input_ids", "labels", *ADDED}


def rounded(length: int, most: int) -> int:
    """Return a length rounded up, `most` at most, and never less than it is."""
    step = SHORT if length <= STEP else STEP
    return max(length, min(-(-length // step) * step, most))


class Steady:
    """Collates as `collate` does, then pads ids, masks and labels of each token to a round length, `most` at most.

    A batch without a mask, or with inputs that it does not know, stays as it is.
    """

    def __init__(self, collate: Any, pad_id: int, most: int) -> None:
        self.collate, self.pad_id, self.most = collate, pad_id, most
        self.draws_nothing = bool(getattr(collate, "draws_nothing", False))

    def __call__(self, rows: list[Any]) -> Any:
        batch = self.collate(rows)
        ids = batch.get("input_ids") if isinstance(batch, dict) else None
        if not isinstance(ids, torch.Tensor) or ids.ndim != 2 or "attention_mask" not in batch:
            return batch
        wide = {name: value for name, value in batch.items() if _is_as_wide(name, value, ids)}
        lacking = rounded(ids.shape[1], self.most) - ids.shape[1]
        if lacking and KNOWN.issuperset(wide) and all(value.ndim == 2 for value in wide.values()):
            batch |= {name: functional.pad(v, (0, lacking), value=self._filler(name)) for name, v in wide.items()}
        return batch

    def _filler(self, name: str) -> int:
        return self.pad_id if name == "input_ids" else IGNORED if name == "labels" else ADDED[name]


def on_card(parts: Any, most: int) -> Any:
    """Return the collate function for a training on a card; `most`: tokens that a row may have. `parts`: core.contracts.Parts.

    Trainers of other libraries get their own: what they make of a batch is theirs.
    """
    pad = getattr(parts.tokenizer, "pad_token_id", None)
    if parts.collate is None or pad is None or parts.arguments is not None:
        return parts.collate
    return Steady(parts.collate, int(pad), most)


def _is_as_wide(name: str, value: Any, ids: torch.Tensor) -> bool:
    if not isinstance(value, torch.Tensor) or value.ndim < 2 or value.shape[1] != ids.shape[1]:
        return False
    # Labels of several classes a row are numbers 0.0 and 1.0: as many as tokens only by chance.
    return not (name == "labels" and value.is_floating_point())
