"""What waits to be computed: the ids of one text (or window of one), and how several become one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .session import Session


@dataclass(frozen=True, slots=True)
class Piece:
    """Input arrays [length] of one text by name, without the attention mask, which is all ones."""

    arrays: dict[str, np.ndarray]

    @property
    def length(self) -> int:
        return len(self.arrays["input_ids"])


class Whole(Piece):
    """A batch that came as the model's own tensors: computed by itself, as it is."""

    __slots__ = ()

    @property
    def length(self) -> int:
        return 0


def stack(pieces: Sequence[Piece], pad_id: int, takes: frozenset[str]) -> dict[str, np.ndarray]:
    """Return arrays [batch, longest] for a model that takes the inputs named; padding goes to the right."""
    shape = len(pieces), max([1, *(piece.length for piece in pieces)])
    mask = np.zeros(shape, np.int64)
    found: dict[str, np.ndarray] = {"input_ids": np.full(shape, pad_id, np.int64)}
    if "token_type_ids" in takes:
        found["token_type_ids"] = np.zeros(shape, np.int64)
    for row, piece in enumerate(pieces):
        mask[row, : piece.length] = 1
        for name, values in piece.arrays.items():
            if name in found:
                found[name][row, : len(values)] = values
    if "attention_mask" in takes:
        found["attention_mask"] = mask
    return found


def compute(session: Session, pieces: Sequence[Piece], pad_id: int, over_tokens: bool) -> list[dict[str, np.ndarray]]:
    """Return the outputs of each piece by name; those `over_tokens` [length, ...] without the padding's."""
    if isinstance(pieces[0], Whole):
        return [session.run(pieces[0].arrays)]
    outputs = session.run(stack(pieces, pad_id, session.takes))
    longest = max(piece.length for piece in pieces)
    return [
        {
            name: values[row, : piece.length] if over_tokens and piece.length < longest else values[row]
            for name, values in outputs.items()
        }
        for row, piece in enumerate(pieces)
    ]
