"""Texts and conversations as rows of tokens, where the label of a token is the one that follows it.

Labels are shifted here, not in the model: the last token of a block is asked for the first of the next, and no token of a
text goes unlearned. `kit.models.language_model.target_loss` takes them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ...core.errors import DataError
from ..training.losses import IGNORED
from . import chat

#: Texts that are tokenised at once.
AT_ONCE = 1000


#: What is left of a character whose bytes were cut apart.
BROKEN = "\ufffd"


class Targets(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows {"input_ids", "labels"} of equal length; -100 where nothing is asked."""

    tokenizer: Any

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> dict[str, Any]:
        raise NotImplementedError

    def asked(self, index: int) -> list[int]:
        """Return the tokens that a row asks for."""
        return [int(token) for token in self[index]["labels"] if token != IGNORED]

    def covered(self) -> tuple[int, int] | None:
        """Return how many (characters, bytes) of text the asked tokens are; None when the tokenizer does not say them all."""
        raise NotImplementedError

    def _decoded(self, ids: Sequence[int]) -> str:
        text = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(text).strip(BROKEN)


class Blocks(Targets):
    """Texts joined by the end token and cut into blocks of `size` tokens; the last block may be shorter."""

    def __init__(self, tokenizer: Any, texts: list[str], size: int) -> None:
        end = end_token(tokenizer)
        parts = [np.asarray([*ids, end], np.int32) for ids in _tokens(tokenizer, texts)]
        self.stream = np.concatenate([np.asarray([end], np.int32), *parts])
        self.tokenizer, self.texts, self.size = tokenizer, texts, size

    def __len__(self) -> int:
        return -(-(len(self.stream) - 1) // self.size)

    def __getitem__(self, index: int) -> dict[str, Any]:
        start = index * self.size
        ids = self.stream[start : start + self.size + 1].astype(np.int64)
        return {"input_ids": ids[:-1], "labels": ids[1:]}

    def covered(self) -> tuple[int, int] | None:
        """See `Targets`. Every token but the first, which is an end token, is asked for."""
        text = "".join(self.texts)
        return _sizes(text) if self._decoded(self.stream[1:].tolist()) == text else None


class Documents(Targets):
    """A row a text; longer ones are cut to `size` tokens. `lengths` [rows] let rows of like length share a batch."""

    def __init__(self, tokenizer: Any, texts: list[str], size: int) -> None:
        end = end_token(tokenizer)
        self.rows = [[end, *ids, end][: size + 1] for ids in _tokens(tokenizer, texts)]
        self.lengths = [len(row) - 1 for row in self.rows]
        self.tokenizer, self.texts = tokenizer, texts

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        ids = np.asarray(self.rows[index], np.int64)
        return {"input_ids": ids[:-1], "labels": ids[1:]}

    def covered(self) -> tuple[int, int] | None:
        """See `Targets`."""
        said = [self._decoded(self.asked(i)) for i in range(len(self))]
        true = all(text.startswith(found) for found, text in zip(said, self.texts, strict=True))
        return _sizes("".join(said)) if true else None


class Talks(Targets):
    """A row a conversation; only what the assistant says is asked for.

    Conversations longer than `size` tokens are cut: at the end while something of an answer is left, else at the beginning.
    `cut` counts them.
    """

    def __init__(self, tokenizer: Any, talks: list[chat.Talk], size: int) -> None:
        self.tokenizer, self.cut = tokenizer, 0
        self.rows: list[tuple[list[int], list[bool]]] = []
        self.answers: list[str] = []
        for number, talk in enumerate(talks, 1):
            ids, said = chat.encode(tokenizer, talk, number)
            if not any(said[1:]):
                continue
            self.cut += len(ids) > size + 1
            keep = slice(None, size + 1) if any(said[1 : size + 1]) else slice(-size - 1, None)
            self.rows.append((ids[keep], said[keep]))
            self.answers.append("\0".join(m["content"].strip() for m in talk if m["role"] == "assistant"))
        if not self.rows:
            raise DataError("No conversation has an answer that the model's chat template shows.", "Look at the roles.")
        self.lengths = [len(ids) - 1 for ids, _ in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row, said = self.rows[index]
        ids = np.asarray(row, np.int64)
        return {"input_ids": ids[:-1], "labels": np.where(said[1:], ids[1:], IGNORED)}

    def covered(self) -> tuple[int, int] | None:
        """See `Targets`. An answer that was cut counts as far as it goes."""
        total = ""
        for i, whole in enumerate(self.answers):
            said = [self._decoded(run) for run in _runs(self[i]["labels"])]
            if not all(text.strip() in whole for text in said):
                return None
            total += "".join(text.strip() for text in said)
        return _sizes(total)


class PadTargets:
    """Collate rows to tensors [rows, longest of the batch]; padding goes to the right, and a mask is given where there is any.

    width: tensors are [rows, width], without a mask: a model that looks back only sees no padding, and where attention has
    no mask a card uses its fastest kernel.
    """

    #: Other processes may make batches (kit.machine.gpu).
    draws_nothing = True

    def __init__(self, pad_id: int, width: int = 0) -> None:
        self.pad_id, self.width = pad_id, width

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = [len(row["input_ids"]) for row in rows]
        shape = len(rows), self.width or max(lengths)
        batch = {"input_ids": torch.full(shape, self.pad_id), "labels": torch.full(shape, IGNORED)}
        for i, row in enumerate(rows):
            for name, values in batch.items():
                values[i, : lengths[i]] = torch.as_tensor(row[name])
        if min(lengths) < max(lengths) and not self.width:
            batch["attention_mask"] = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
        return batch


def end_token(tokenizer: Any) -> int:
    """Return the token that stands between texts."""
    for name in ("eos_token_id", "sep_token_id", "bos_token_id", "pad_token_id"):
        value = getattr(tokenizer, name, None)
        if value is not None:
            return int(value)
    raise DataError(
        "The model's tokenizer has no token that ends a text.", "Give its tokenizer_config.json an eos_token."
    )


def _tokens(tokenizer: Any, texts: list[str]) -> Iterator[list[int]]:
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        yield from tokenizer(part, add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"]


def _runs(labels: np.ndarray) -> list[list[int]]:
    """Return the stretches of tokens that are asked for."""
    found: list[list[int]] = [[]]
    for token in labels.tolist():
        if token != IGNORED:
            found[-1].append(token)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _sizes(text: str) -> tuple[int, int] | None:
    return (len(text), len(text.encode())) if text else None
