"""question-answering: the answer to a question, marked in a context; long contexts are read in windows that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..reading.spans import candidates, ranked
from ..session import Session
from ..text import Words, arrays
from .base import Row, TextRows

#: What a model that remembers nothing of its training is taken to have: longest window, longest answer (tokens).
WINDOW, ANSWER = 384, 30


class QuestionAnswering(TextRows):
    """Answers {"text", "question", "context", "answer", "score", "start", "end", "top"}; places are in the context."""

    fields = ("question", "context")
    over_tokens = True

    def __init__(self, artifact: Artifact, session: Session) -> None:
        words = Words(artifact)
        kept = {**(artifact.config.get("fmtools") or {}), **artifact.about}
        own = artifact.config.get("fmtools") or {}
        self.longest = int(own.get("max_length") or min(WINDOW, artifact.max_length))
        self.answer_tokens = int(own.get("longest") or ANSWER)
        self.unanswerable = bool(kept.get("unanswerable"))
        self._types = "token_type_ids" in session.takes
        self._question = words.cutting(self.longest // 2, "longest_first")
        self._windows = words.cutting(self.longest, "only_second", self.longest // 4)

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return a piece for each window; keep where in the context each of its tokens stands."""
        first = self._windows.encode(self._cut(row["question"]), row["context"])
        every = [first, *first.overflowing]
        offsets = [
            [place if side == 1 else None for place, side in zip(one.offsets, one.sequence_ids, strict=True)]
            for one in every
        ]
        return [Piece(arrays(one, self._types)) for one in every], offsets

    def _cut(self, question: str) -> str:
        """Cut a question that would leave no room for its context."""
        places = self._question.encode(question, add_special_tokens=False).offsets
        return question[: places[-1][1]] if len(places) == self.longest // 2 else question

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the best answers of all windows, as probabilities among each other."""
        found, none = [], float("inf")
        for out, offsets in zip(outputs, kept, strict=True):
            starts, ends = out["start_logits"], out["end_logits"]
            found += candidates(starts, ends, offsets, self.answer_tokens)
            none = min(none, float(starts[0] + ends[0]))
        best = ranked(row["context"], found, none if self.unanswerable else None, top)
        return {"text": row["question"], **row, **best[0], "top": best}
