"""Tagged sentences for an encoder: words to pieces, long sentences to windows that overlap, batches.

A sentence longer than the model takes is never cut: it becomes several windows. Each word belongs to one of them and is
only context in its neighbours, so every word is trained on, and tagged, exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ...serving.reading.windows import BLANKS, windows
from ...serving.reading.windows import Window as Window
from ..training.losses import IGNORED
from ..words.division import Division, spaced


class Pieces:
    """Turns words into the ids of their pieces; each different word is tokenised once.

    A blank is set before a word where a text would have one. A piece that is nothing but a blank says nothing of a word
    and is left out (a Chinese character would have one before it); a word without pieces becomes the unknown token.
    """

    def __init__(self, tokenizer: Any, division: Division) -> None:
        self.tokenizer, self.division = tokenizer, division
        self.before, self.after = _frame(tokenizer)
        self._known: dict[tuple[bool, str], list[int]] = {}
        unknown = tokenizer.unk_token_id
        self.unknown: int = unknown if unknown is not None else tokenizer.eos_token_id or 0

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[list[list[int]]]:
        """Return the piece ids of each word of each sentence."""
        keys = [list(zip(spaced(words, self.division), words, strict=True)) for words in sentences]
        self._learn({key for row in keys for key in row if key not in self._known})
        return [[self._known[key] for key in row] for row in keys]

    def _learn(self, new: set[tuple[bool, str]]) -> None:
        if not new:
            return
        ordered = sorted(new)
        texts = [" " * blank + word for blank, word in ordered]
        encoded = self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
        blanks = {i for i in self.tokenizer.convert_tokens_to_ids(sorted(BLANKS)) if i not in (None, self.unknown)}
        for key, ids in zip(ordered, encoded, strict=True):
            self._known[key] = [i for i in ids if i not in blanks] or [self.unknown]

    def share_unknown(self, sentences: Sequence[Sequence[str]]) -> float:
        """Return the share of the tokens of which the tokenizer knows nothing."""
        words = [word for sentence in self(sentences) for word in sentence]
        return sum(self.unknown in ids for ids in words) / len(words) if words else 0.0


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that the tokenizer sets before and after a text."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids, special = encoded["input_ids"], encoded["special_tokens_mask"]
    inner = [place for place, is_special in enumerate(special) if not is_special]
    return (ids[: inner[0]], ids[inner[-1] + 1 :]) if inner else ([], [])


class TaggedRows(torch.utils.data.Dataset[dict[str, Any]]):
    """Windows of tagged sentences. `lengths` [windows] are tokens; a word's tag stands at its first piece.

    sentence [windows]: which sentence a window is of. places [windows]: where the first pieces of its own words stand.
    """

    def __init__(
        self, pieces: Pieces, sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[int]] | None, longest: int
    ) -> None:
        self.input_ids: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        self.sentence: list[int] = []
        self.places: list[np.ndarray] = []
        room = max(2, longest - len(pieces.before) - len(pieces.after))
        for number, words in enumerate(pieces(sentences)):
            cut = [ids[: room // 2] for ids in words]
            for window in windows([len(ids) for ids in cut], room):
                self._add(pieces, number, cut, window, None if tags is None else tags[number])
        self.lengths = [len(ids) for ids in self.input_ids]

    def _add(
        self, pieces: Pieces, number: int, words: list[list[int]], window: Window, tags: Sequence[int] | None
    ) -> None:
        inside = words[window.first : window.last]
        flat = [i for ids in inside for i in ids]
        row = np.array([*pieces.before, *flat, *pieces.after], np.int64)
        starts = np.cumsum([len(pieces.before), *map(len, inside)])[:-1]
        own = starts[window.own - window.first : window.end - window.first]
        labels = np.full(len(row), IGNORED, np.int64)
        if tags is not None:
            labels[own] = tags[window.own : window.end]
        self.input_ids.append(row)
        self.labels.append(labels)
        self.sentence.append(number)
        self.places.append(own)

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.input_ids[index], "labels": self.labels[index]}

    def by_length(self) -> TaggedRows:
        """Return the same windows, the short ones first, so that a pass over them in order computes little padding."""
        order = sorted(range(len(self)), key=self.lengths.__getitem__)
        other = object.__new__(TaggedRows)
        for name in ("input_ids", "labels", "sentence", "places", "lengths"):
            values = getattr(self, name)
            setattr(other, name, [values[place] for place in order])
        return other


class PadTags:
    """Collate windows to tensors [rows, longest of the batch]; padding goes to the right and has no tag."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        shape = len(rows), max(len(row["input_ids"]) for row in rows)
        ids, labels = np.full(shape, self.pad_id, np.int64), np.full(shape, IGNORED, np.int64)
        mask = np.zeros(shape, np.int64)
        for place, row in enumerate(rows):
            size = len(row["input_ids"])
            ids[place, :size], labels[place, :size], mask[place, :size] = row["input_ids"], row["labels"], 1
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "labels": torch.from_numpy(labels),
        }
