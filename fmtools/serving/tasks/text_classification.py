"""text-classification: one label a text, or several."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..reading.numbers import sigmoid, softmax
from ..session import Session
from ..text import Words, arrays
from .base import Row, TextRows


class TextClassification(TextRows):
    """Answers {"text", "label", "score", "top"}, with "labels" where a text may have several."""

    def __init__(self, artifact: Artifact, session: Session) -> None:
        del session
        words = Words(artifact)
        self.labels = artifact.labels
        self.several, self.two = bool(artifact.about.get("several")), bool(artifact.about.get("pair"))
        self.fields = ("text", "pair") if self.two else ("text",)
        self._tokenizer = words.cutting(words.longest)

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return the one piece of a row."""
        encoding = self._tokenizer.encode(row["text"], row.get("pair"))
        return [Piece(arrays(encoding, types=self.two))], None

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the likeliest labels, best first."""
        logits = outputs[0]["logits"]
        scores = sigmoid(logits) if self.several else softmax(logits)
        best = scores.argsort()[::-1][:top]
        ranked = [{"label": self.labels[int(i)], "score": float(scores[i])} for i in best]
        found = {"labels": [self.labels[int(i)] for i in (scores > 0.5).nonzero()[0]]} if self.several else {}
        return {**row, **ranked[0], **found, "top": ranked}
