"""What a folder's generation_config.json allows a decoder to write: where texts begin and end, and which tokens may come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .artifact import Artifact
from .problems import BadArtifact
from .talk import stops_of

#: Settings that would change what is written and are not followed here, with the values that change nothing.
_NOT_DONE: dict[str, tuple[Any, ...]] = {
    "constraints": (), "diversity_penalty": (0, 0.0), "dola_layers": (), "encoder_no_repeat_ngram_size": (0,),
    "encoder_repetition_penalty": (1, 1.0), "exponential_decay_length_penalty": (), "force_words_ids": (), "guidance_scale": (1, 1.0),
    "max_time": (), "num_beam_groups": (1,), "penalty_alpha": (0, 0.0), "renormalize_logits": (False,), "sequence_bias": (),
    "stop_strings": (), "watermarking_config": (),
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """Token ids and lengths. Lengths count the token that begins a text, as transformers counts them."""

    start: int
    stops: frozenset[int]
    length_penalty: float = 1.0
    min_length: int = 0
    min_new_tokens: int = 0
    no_repeat: int = 0
    first: int | None = None
    last: tuple[int, ...] = ()
    never: tuple[int, ...] = ()
    never_first: tuple[int, ...] = ()
    bad: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, artifact: Artifact) -> Rules:
        """Read them. Raises BadArtifact for a setting that this server does not follow: it would write other texts."""
        how = artifact.read("generation_config.json") or {}
        for name, nothing in _NOT_DONE.items():
            if how.get(name) not in (None, *nothing):
                raise BadArtifact(f"generation_config.json asks for {name}, which this server does not follow.")
        stops = stops_of(artifact)
        bad = tuple(tuple(words) for words in how.get("bad_words_ids") or () if set(words) - stops or len(words) > 1)
        return cls(
            _start(how, artifact.config),
            stops,
            float(1.0 if how.get("length_penalty") is None else how["length_penalty"]),
            int(how.get("min_length") or 0),
            int(how.get("min_new_tokens") or 0),
            int(how.get("no_repeat_ngram_size") or 0),
            how.get("forced_bos_token_id"),
            _listed(how.get("forced_eos_token_id")),
            _listed(how.get("suppress_tokens")),
            _listed(how.get("begin_suppress_tokens")),
            bad,
        )

    def apply(self, written: np.ndarray, scores: np.ndarray, most: int) -> np.ndarray:
        """Return scores [texts, vocabulary] of the next token with -inf for what may not follow `written` [texts, length].

        most: the length that a text may have.
        """
        length, found = written.shape[1], scores.copy()
        for line, text in zip(found, written.tolist(), strict=True):
            line[[*_repeats(text, self.no_repeat), *(w[-1] for w in self.bad if _ends(text, w[:-1]))]] = -np.inf
        if length < self.min_length or length - 1 < self.min_new_tokens:
            found[:, list(self.stops)] = -np.inf
        if length == 1 and self.first is not None:
            found = _only(found, (self.first,))
        if length == most - 1 and self.last:
            found = _only(found, self.last)
        found[:, list(self.never)] = -np.inf
        if length == (1 if self.first is None else 2):
            found[:, list(self.never_first)] = -np.inf
        return found


def _start(how: dict[str, Any], config: dict[str, Any]) -> int:
    # As transformers does: config.json is asked only where there is no generation_config.json.
    source = how or config
    for name in ("decoder_start_token_id", "bos_token_id"):
        if isinstance(value := source.get(name), int):
            return value
    raise BadArtifact("The folder does not say with which token a text begins (decoder_start_token_id).")


def _listed(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, list | tuple) else () if value is None else (int(value),)


def _only(scores: np.ndarray, tokens: tuple[int, ...]) -> np.ndarray:
    found = np.full_like(scores, -np.inf)
    found[:, list(tokens)] = 0.0
    return found


def _repeats(text: list[int], size: int) -> list[int]:
    """Return the tokens that would end a sequence of `size` tokens which the text has already."""
    if not size or len(text) + 1 < size:
        return []
    end = text[len(text) - size + 1 :]
    return [text[i + size - 1] for i in range(len(text) - size + 1) if text[i : i + size - 1] == end]


def _ends(text: list[int], words: tuple[int, ...]) -> bool:
    return not words or tuple(text[-len(words) :]) == words
