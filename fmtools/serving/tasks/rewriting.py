"""What translation and summarization share: one text written from another by an encoder-decoder (see fmtools.serving.rewriter)."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..rewriter import DECODER, Manner, Rewriter, Written
from ..rules import Rules
from ..session import Session
from ..text import Words
from .base import Asked, Row, TextRows


class Rewriting(TextRows):
    """Answers {"text", KEY}; with beams {"text", KEY, "score", "top"}. It has no pieces: `decoder` writes a token at a time.

    session: the encoder's.
    """

    manner: ClassVar[tuple[str, ...]] = ("beams", "max_new_tokens")

    def __init__(self, artifact: Artifact, session: Session) -> None:
        kept = artifact.config.get("fmtools") or {}
        words = Words(artifact)
        self._prefix = str(kept.get("prefix") or "")
        self._reading = words.cutting(int(kept.get("max_length") or artifact.max_length))
        self._writing = words.cutting()
        rules, positions = Rules.of(artifact), artifact.config.get("max_position_embeddings")
        decoder = Session(artifact.model(DECODER), session.threads)
        self.decoder = Rewriter(session, decoder, rules, positions if isinstance(positions, int) else None)
        self._end = next(iter(sorted(rules.stops)), artifact.pad_id)

    def how(self, asked: Asked) -> Manner:
        """Return how a request wants texts to be written."""
        return Manner(asked.max_new_tokens, asked.beams)

    def prompt(self, row: Row) -> list[int]:
        """Return the tokens of the source, behind the model's prefix and cut to what it reads; at least one."""
        ids: list[int] = self._reading.encode(self._prefix + row["text"]).ids
        return ids or [self._end]

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """There is nothing that one call computes."""
        return [], None

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the row with what was written; kept: (prompt, what the decoder said after each token)."""
        found: list[Written] = kept[1][-1]
        ranked = [
            {self.written: self._text(one), **({} if one.score is None else {"score": math.exp(one.score)})}
            for one in found[:top]
        ]
        more = {} if found[0].score is None else {"top": ranked}
        return {"text": row["text"], **ranked[0], **more}

    def _text(self, one: Written) -> str:
        found: str = self._writing.decode(one.tokens, skip_special_tokens=True)
        return found.strip()

    def sample(self, tokens: int) -> list[Piece]:
        """There is nothing that one call computes."""
        return []
