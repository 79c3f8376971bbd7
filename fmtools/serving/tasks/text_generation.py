"""text-generation: a model that goes on writing, or answers; see fmtools.serving.writer for how it is asked."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..sampling import Sampling
from ..session import Session
from ..talk import Talk, positions_of, stops_of
from ..writer import Decoder
from .base import Asked, Row, TextRows


class TextGeneration(TextRows):
    """Answers {"text", "generated_text"}. It has no pieces: `decoder` writes a token at a time."""

    manner: ClassVar[tuple[str, ...]] = ("max_new_tokens",)
    written = "generated_text"

    def __init__(self, artifact: Artifact, session: Session) -> None:
        self.talk = Talk(artifact)
        self.decoder = Decoder(session, positions_of(artifact), stops_of(artifact))

    def how(self, asked: Asked) -> Sampling:
        """Return how a request wants texts to be written: the likeliest token each time, as `fmtools predict` does."""
        return Sampling(max_new_tokens=asked.max_new_tokens)

    def prompt(self, row: Row) -> list[int]:
        """Return the tokens to go on from."""
        return self.talk.prompt(row["text"])

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """There is nothing that one call computes."""
        return [], None

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the row with what was written; kept: (prompt, new tokens)."""
        return {"text": row["text"], self.written: row["text"] + self.talk.after(*kept)}

    def sample(self, tokens: int) -> list[Piece]:
        """There is nothing that one call computes."""
        return []
