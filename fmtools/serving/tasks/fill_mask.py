"""fill-mask: the likeliest words for each gap of a text."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..problems import BadArtifact, Problem
from ..reading.gaps import GAP, filled
from ..reading.numbers import softmax
from ..session import Session
from ..text import Words, arrays
from .base import Row, TextRows


class FillMask(TextRows):
    """Answers {"text", "score", "token", "token_str", "sequence", "top", "gaps"}."""

    over_tokens = True

    def __init__(self, artifact: Artifact, session: Session) -> None:
        del session
        words = Words(artifact)
        self._longest = words.longest
        self._tokenizer = words.cutting(words.longest)
        self._mask, number = words.special("mask_token"), words.id_of("mask_token")
        if number is None:
            raise BadArtifact("The tokenizer has no mask token.")
        self._mask_id = number

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return the one piece of a text; keep where its gaps stand. Raises Problem for a text without a gap."""
        asked = len(GAP.findall(row["text"]))
        if not asked:
            raise Problem(422, "text: there is no gap to fill; write ___ or [MASK] where a word is missing.", "text")
        encoding = self._tokenizer.encode(GAP.sub(lambda _: self._mask, row["text"]))
        places = [place for place, token in enumerate(encoding.ids) if token == self._mask_id]
        if len(places) < asked:
            raise Problem(422, f"text: a gap stands beyond the {self._longest} tokens that this model reads.", "text")
        return [Piece(arrays(encoding, types=False))], places

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the candidates of every gap, each with the text that it makes."""
        found = [self._candidates(line, top) for line in softmax(outputs[0]["logits"][kept])]
        best = [gap[0]["token_str"] for gap in found]
        for number, gap in enumerate(found):
            for one in gap:
                words = [*best[:number], one["token_str"], *best[number + 1 :]]
                one["sequence"] = filled(row["text"], words)
        return {**row, **found[0][0], "top": found[0], "gaps": found}

    def _candidates(self, probabilities: np.ndarray, top: int) -> list[dict[str, Any]]:
        best = np.argsort(-probabilities, kind="stable")[:top]
        return [
            {
                "score": float(probabilities[token]),
                "token": int(token),
                "token_str": self._tokenizer.decode([int(token)], skip_special_tokens=False),
            }
            for token in best
        ]
