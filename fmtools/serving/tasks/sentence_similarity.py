"""sentence-similarity: vectors of texts, or how alike two texts are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..problems import Problem
from ..session import Session
from ..text import Words, arrays
from .base import Asked, Row, TextRows

#: Prompts that a text which asks may have, and one that is found.
ASKING, FOUND = ("query",), ("passage", "document")


class SentenceSimilarity(TextRows):
    """Answers {"text", "dimension", "embedding"}, or {"text", "pair", "score"} where a request has pairs."""

    def __init__(self, artifact: Artifact, session: Session) -> None:
        words = Words(artifact)
        self._tokenizer = words.cutting(words.longest)
        kept = artifact.about.get("prompts") or (artifact.read("config_sentence_transformers.json") or {}).get(
            "prompts"
        )
        self.prompts: dict[str, str] = kept if isinstance(kept, dict) else {}
        self._types = "token_type_ids" in session.takes

    def rows(self, asked: Asked) -> list[Row]:
        """Return one row a text, or a pair."""
        self_fields = ("text", "pair") if asked.pair is not None else ("text",)
        if asked.question is not None or asked.context is not None:
            name = "question" if asked.question is not None else "context"
            raise Problem(422, f"{name}: this model reads text and pair only.", name)
        given = {name: [v] if isinstance(v := getattr(asked, name), str) else v for name in self_fields}
        missing = next((name for name, values in given.items() if values is None), None)
        if missing:
            raise Problem(422, f"{missing}: this model needs it.", missing)
        return [dict(zip(self_fields, row, strict=True)) for row in zip(*self.equal(given, self_fields), strict=True)]

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return a piece for each text, behind the prompt of a text that asks."""
        prompt = self.prompt(ASKING)
        return [self.piece(prompt + row[name]) for name in ("text", "pair") if name in row], None

    def piece(self, text: str) -> Piece:
        """Return the piece of a text as it stands."""
        return Piece(arrays(self._tokenizer.encode(text), self._types))

    def prompt(self, names: tuple[str, ...]) -> str:
        """Return what the model wants in front of a text of one side."""
        return next((text for name in names if (text := self.prompts.get(name))), "")

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the vector (unit length), or the cosine of two."""
        vectors = [unit(out["sentence_embedding"]) for out in outputs]
        if len(vectors) == 2:
            return {**row, "score": float((vectors[0] * vectors[1]).sum())}
        return {**row, "dimension": len(vectors[0]), "embedding": [float(x) for x in vectors[0]]}


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector [width] of length 1."""
    found: np.ndarray = vector / max(1e-12, float(np.linalg.norm(vector)))
    return found
