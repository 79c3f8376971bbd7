"""Rows for a text model: tokenised once, grouped by length, padded per batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import Sampler


class TextRows(torch.utils.data.Dataset[dict[str, Any]]):
    """Tokenised texts (or pairs of texts) with their class numbers, or lists of them; `lengths` [rows] are tokens a row.

    `classes`: how many classes there are when a row may have several; its labels are then 0 and 1 for each class.
    """

    def __init__(
        self,
        tokenizer: Any,
        texts: list[str],
        labels: list[Any] | None,
        max_length: int,
        pairs: list[str] | None = None,
        classes: int = 0,
    ) -> None:
        encoded = tokenizer(texts, pairs, truncation=True, max_length=max_length, return_attention_mask=False)
        self.input_ids: list[list[int]] = encoded["input_ids"]
        # Only a pair has a second kind of token: what is all zeros is what models take anyway.
        self.types: list[list[int]] | None = encoded.get("token_type_ids") if pairs else None
        self.labels = labels
        self.classes = classes
        self.lengths = [len(ids) for ids in self.input_ids]

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = {"input_ids": self.input_ids[index]}
        if self.types is not None:
            row["token_type_ids"] = self.types[index]
        if self.labels is not None:
            row["labels"] = self._many(self.labels[index]) if self.classes else self.labels[index]
        return row

    def _many(self, numbers: list[int]) -> list[float]:
        chosen = set(numbers)
        return [float(number in chosen) for number in range(self.classes)]


class PadTexts:
    """Collate rows to tensors [rows, longest of the batch]; padding goes to the right."""

    #: Other processes may make batches (kit.machine.gpu).
    draws_nothing = True

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), longest), self.pad_id, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
            mask[i, : len(row["input_ids"])] = 1
        batch = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in rows[0]:
            batch["token_type_ids"] = torch.zeros_like(mask)
            for i, row in enumerate(rows):
                batch["token_type_ids"][i, : len(row["token_type_ids"])] = torch.tensor(row["token_type_ids"])
        if "labels" in rows[0]:
            batch["labels"] = torch.tensor([row["labels"] for row in rows])
        return batch


class Shuffled(Sampler[int]):
    """Rows in an order that depends on `seed` and the epoch alone, never on the global random state."""

    def __init__(self, rows: int, seed: int, epoch: Callable[[], int]) -> None:
        self.rows, self.seed, self.epoch = rows, seed, epoch

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch())
        return iter(torch.randperm(self.rows, generator=generator).tolist())


#: Batches whose rows are sorted by length together: more saves padding, fewer keeps the shuffle freer.
GROUPED_BATCHES = 50


class LengthGroups(Sampler[int]):
    """Shuffles anew each epoch, then batches rows of like length, so that little padding is computed.

    Batches come in random order, else the loss would rise and fall with the length. The order depends on `seed` and the
    epoch alone, never on the global random state: a resumed run sees the same batches as one never interrupted.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch())
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        width = GROUPED_BATCHES * self.batch_size
        groups = (sorted(order[i : i + width], key=self.lengths.__getitem__) for i in range(0, len(order), width))
        rows = [row for group in groups for row in group]
        batches = [rows[i : i + self.batch_size] for i in range(0, len(rows), self.batch_size)]
        # The last batch may be short; anywhere else it would shift the rows of those behind it.
        shuffled = torch.randperm(len(batches) - 1, generator=generator).tolist() if len(batches) > 1 else []
        return iter([row for b in [*shuffled, len(batches) - 1] for row in batches[b]])
