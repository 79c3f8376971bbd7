"""An encoder-decoder that writes one text from another: the encoder once, then the decoder a token at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .beams import search
from .problems import BadArtifact
from .rules import Rules
from .session import Session
from .writer import PAST, PRESENT

#: The part of an exported encoder-decoder that writes, by its name in fmtools.json.
DECODER = "decoder_model"


@dataclass(frozen=True)
class Manner:
    """How to write: always the likeliest token, or the best of several beams."""

    max_new_tokens: int = 100
    beams: int = 1


@dataclass(frozen=True)
class Written:
    """What was written: its tokens, that which begins it first; score: log-probability of a token, of beams only."""

    tokens: list[int]
    score: float | None = None


class Rewriter:
    """Both graphs. positions: tokens that the decoder reads at most, None for no limit."""

    def __init__(self, encoder: Session, decoder: Session, rules: Rules, positions: int | None) -> None:
        self.encoder, self.decoder, self.rules, self.positions = encoder, decoder, rules, positions

    def write(self, source: list[int], how: Manner) -> Iterator[list[Written]]:
        """Yield once a token, so that whoever waits can stop it; the last time the texts written from `source`, best first."""
        most = how.max_new_tokens if self.positions is None else min(how.max_new_tokens, self.positions - 1)
        course = _Course(self, source, how.beams)
        if how.beams == 1:
            yield from self._greedy(course, most)
            return
        for found in search(course, self.rules, how.beams, most):
            yield [Written(tokens, score) for tokens, score in found]

    def _greedy(self, course: _Course, most: int) -> Iterator[list[Written]]:
        text = [self.rules.start]
        for _ in range(most):
            written = np.array([text], np.int64)
            token = int(self.rules.apply(written, course.step(written), most + 1)[0].argmax())
            text.append(token)
            yield [Written(text)]
            if token in self.rules.stops:
                return


class _Course:
    """A decoder on its way through `texts` texts of one source, with its cache where the graph has one."""

    def __init__(self, model: Rewriter, source: list[int], texts: int) -> None:
        self._decoder = model.decoder
        ids = np.array([source], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        read = model.encoder.run({name: value for name, value in given.items() if name in model.encoder.takes})
        hidden = next(iter(read.values()))
        fixed = {"encoder_hidden_states": hidden, "encoder_attention_mask": given["attention_mask"]}
        self._fixed = {n: np.repeat(v, texts, 0) for n, v in fixed.items() if n in self._decoder.takes}
        shapes = {name: (shape, kind) for name, kind, shape in self._decoder.inputs if name.startswith(PAST)}
        self._past = {
            name: np.zeros([texts, shape[1], 0, shape[3]], np.dtype(kind)) for name, (shape, kind) in shapes.items()
        }

    def step(self, written: np.ndarray) -> np.ndarray:
        """Return logits [texts, vocabulary] of the token after `written` [texts, length]; without a cache it is read anew."""
        new = written[:, -1:] if self._past else written
        out = self._decoder.run({"input_ids": new, **self._fixed, **self._past})
        if self._past:
            self._past = {PAST + name[len(PRESENT) :]: v for name, v in out.items() if name.startswith(PRESENT)}
        logits: np.ndarray = out["logits"][:, -1]
        if np.isnan(logits).any():
            raise BadArtifact("The model computes values that are not numbers.")
        return logits

    def reorder(self, order: np.ndarray) -> None:
        """Let each text go on from the one in its place of `order`."""
        self._past = {name: value[order] for name, value in self._past.items()}
