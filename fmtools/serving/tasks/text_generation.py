"""text-generation: a model that goes on writing, or answers; see fmtools.serving.writer for how it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..session import Session
from ..talk import Talk, positions_of, stops_of
from ..writer import Decoder
from .base import Row, TextRows


class TextGeneration(TextRows):
    """Answers {"text", "generated_text"}. It has no pieces: `decoder` writes a token at a time."""

    def __init__(self, artifact: Artifact, session: Session) -> None:
        self.talk = Talk(artifact)
        self.decoder = Decoder(session, positions_of(artifact), stops_of(artifact))

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """There is nothing that one call computes."""
        return [], None

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the row with what was written."""
        return {"text": row["text"], "generated_text": row["text"] + kept}

    def sample(self, tokens: int) -> list[Piece]:
        """There is nothing that one call computes."""
        return []
