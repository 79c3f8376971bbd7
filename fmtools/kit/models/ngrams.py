"""What counting alone predicts: unigram and bigram models of tokens, the least that a language model has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..training.losses import IGNORED


def pairs(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return (the token before, the token asked for) of every target of the rows, int64 each [targets]."""
    before, asked = [], []
    for i in range(len(rows)):
        row = rows[i]
        ids, labels = np.asarray(row["input_ids"], np.int64), np.asarray(row["labels"], np.int64)
        before.append(ids[labels != IGNORED])
        asked.append(labels[labels != IGNORED])
    return np.concatenate(before), np.concatenate(asked)


class Counts:
    """Unigram and bigram models of `size` different tokens, learned from the targets [targets] of training rows."""

    def __init__(self, before: np.ndarray, asked: np.ndarray, size: int) -> None:
        self.size = size
        self.single = np.bincount(asked, minlength=size)
        self.keys, self.both = np.unique(before * size + asked, return_counts=True)
        self.after = np.bincount(before, minlength=size)
        self.kinds = np.bincount(self.keys // size, minlength=size)

    def unigram(self, asked: np.ndarray) -> np.ndarray:
        """Return p(token) [targets], one added to every count so that an unseen token is possible."""
        return np.asarray((self.single[asked] + 1) / (self.single.sum() + self.size))

    def bigram(self, before: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Return p(token | the one before) [targets], mixed with the unigram's as Witten and Bell do: the more different
        tokens were seen after a token, the less its counts are trusted."""
        wanted = before * self.size + asked
        place = np.searchsorted(self.keys, wanted).clip(max=max(0, len(self.keys) - 1))
        seen = np.where(self.keys[place] == wanted, self.both[place], 0)
        kinds, after = self.kinds[before], self.after[before]
        alone = self.unigram(asked)
        return np.where(after == 0, alone, (seen + kinds * alone) / np.maximum(1, after + kinds))

    def likeliest(self) -> int:
        """Return the most frequent token."""
        return int(self.single.argmax())


def characters(train: str, held: str) -> dict[str, float]:
    """Return nats a character of `held` by unigram and bigram models of the characters of `train`."""
    codes = [np.frombuffer(text.encode("utf-32-le"), np.uint32) for text in (train, held)]
    known = np.unique(codes[0])
    ids = [np.where(np.isin(part, known), np.searchsorted(known, part) + 1, 0) for part in codes]  # 0: never seen
    counts = Counts(ids[0][:-1], ids[0][1:], len(known) + 1)
    before, asked = ids[1][:-1], ids[1][1:]
    chances = {"unigram": counts.unigram(asked), "bigram": counts.bigram(before, asked)}
    return {name: float(-np.log(chance).mean()) for name, chance in chances.items()}
