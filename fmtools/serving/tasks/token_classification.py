"""token-classification: a tag for each word; sentences longer than the model are read in windows that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..reading.chunks import entities_of
from ..reading.division import Division, Span, divide, spaced
from ..reading.windows import BLANKS, Window, windows
from ..session import Session
from ..text import Words
from .base import Row, TextRows

#: Windows are not made longer than this, whatever a model takes: attention grows with the square.
LONGEST = 512


class TokenClassification(TextRows):
    """Answers {"text", "entities", "tokens", "tags"}: what a word's first piece says is the word's tag."""

    over_tokens = True

    def __init__(self, artifact: Artifact, session: Session) -> None:
        del session
        words = Words(artifact)
        self.labels = artifact.labels
        self.how: Division = "characters" if artifact.about.get("division") == "characters" else "words"
        self.plain = bool(artifact.about.get("plain_tags"))
        self._tokenizer = words.cutting()
        self._before, self._after = _frame(self._tokenizer)
        self._room = max(2, min(words.longest, LONGEST) - len(self._before) - len(self._after))
        unknown = words.id_of("unk_token")
        self._unknown = unknown if unknown is not None else words.id_of("eos_token") or 0
        ids = (self._tokenizer.token_to_id(blank) for blank in BLANKS)
        self._blanks = {i for i in ids if i not in (None, self._unknown)}

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return a piece for each window; keep the words' places, the windows and where their own words begin."""
        spans = divide(row["text"], self.how)
        tokens = [row["text"][a:b] for a, b in spans]
        ids = [one[: self._room // 2] for one in self._ids(tokens)]
        found = windows([len(one) for one in ids], self._room) if tokens else []
        made = [self._window(ids, window) for window in found]
        return [piece for piece, _ in made], (spans, tokens, [places for _, places in made])

    def _ids(self, tokens: list[str]) -> list[list[int]]:
        texts = [" " * blank + word for blank, word in zip(spaced(tokens, self.how), tokens, strict=True)]
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [[i for i in one.ids if i not in self._blanks] or [self._unknown] for one in encoded]

    def _window(self, ids: list[list[int]], window: Window) -> tuple[Piece, np.ndarray]:
        inside = ids[window.first : window.last]
        row = np.array([*self._before, *(i for one in inside for i in one), *self._after], np.int64)
        starts = np.cumsum([len(self._before), *map(len, inside)])[:-1]
        return Piece({"input_ids": row}), starts[window.own - window.first : window.end - window.first]

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return tags and entities; an entity's score is the mean over its words."""
        spans, tokens, places = kept
        scores = [_log_softmax(out["logits"][own]) for out, own in zip(outputs, places, strict=True)]
        likely = np.concatenate([np.zeros((0, len(self.labels)), np.float32), *scores])
        tags = [self.labels[int(number)] for number in likely.argmax(-1)]
        sure = np.exp(likely.max(-1)) if len(likely) else np.zeros(0, np.float32)
        entities = [_entity(row["text"], spans, sure, chunk) for chunk in entities_of(tags, self.plain)]
        return {"text": row["text"], "entities": entities, "tokens": tokens, "tags": tags}


def _entity(text: str, spans: list[Span], sure: np.ndarray, chunk: Any) -> dict[str, Any]:
    start, end = spans[chunk.first][0], spans[chunk.last][1]
    return {
        "entity_group": chunk.kind,
        "score": float(sure[chunk.first : chunk.last + 1].mean()),
        "word": text[start:end],
        "start": start,
        "end": end,
    }


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that the tokenizer sets before and after a text."""
    encoded = tokenizer.encode("a")
    inner = [place for place, special in enumerate(encoded.special_tokens_mask) if not special]
    return (encoded.ids[: inner[0]], encoded.ids[inner[-1] + 1 :]) if inner else ([], [])


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    wide = logits - logits.max(-1, keepdims=True)
    found: np.ndarray = wide - np.log(np.exp(wide).sum(-1, keepdims=True))
    return found
