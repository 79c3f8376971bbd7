"""Writing with a language model: greedy or drawn, the same text for the same seed, as long as one likes."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig

from ...core.options import PredictOptions
from ...serving import sampling
from ..training.durable import random_state_kept
from .language_model import positions_of

#: Beginnings of the same length that are gone on from together.
TOGETHER = 16


@dataclass(frozen=True)
class Sampling(sampling.Sampling):
    """How to choose the next token, as a model server does, from the options of a verb."""

    @classmethod
    def of(cls, options: PredictOptions) -> Sampling:
        """Take them from the options of `predict`."""
        return cls(**{name: getattr(options, name) for name in cls.__dataclass_fields__})


def write(model: Any, prompts: list[list[int]], how: Sampling) -> list[list[int]]:
    """Return the new tokens after each beginning (tokens, at least one), without the token that ended them.

    What is drawn for one beginning does not depend on the others. Model mode and random state are left as they were.
    """
    found: list[list[int]] = [[] for _ in prompts]
    with _answering(model), random_state_kept():
        for group in _groups(prompts, 1 if how.temperature else TOGETHER):
            torch.manual_seed(how.seed)
            ids = torch.tensor([prompts[i] for i in group], device=model.device)
            for i, row in zip(group, _go_on(model, ids, how), strict=True):
                found[i] = row
    return found


@contextlib.contextmanager
def _answering(model: Any) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def _groups(prompts: list[list[int]], most: int) -> list[list[int]]:
    """Return groups of places of equally long beginnings: such need no padding."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for place, prompt in enumerate(prompts):
        by_length[len(prompt)].append(place)
    return [places[i : i + most] for places in by_length.values() for i in range(0, len(places), most)]


def _go_on(model: Any, ids: torch.Tensor, how: Sampling) -> list[list[int]]:
    """Write in stretches: a model of few positions goes on from the last half of what it can read."""
    positions, stops = positions_of(model), _stops(model)
    text, begun = ids, ids.shape[1]
    while text.shape[1] < begun + how.max_new_tokens:
        seen, room = text, begun + how.max_new_tokens - text.shape[1]
        if positions is not None:
            if text.shape[1] >= positions:
                seen = text[:, -max(1, positions // 2) :]
            room = min(room, positions - seen.shape[1])
        new = _generate(model, seen, room, how)[:, seen.shape[1] :]
        text = torch.cat([text, new], 1)
        if all(stops & set(row) for row in text[:, begun:].tolist()) or not new.shape[1]:
            break
    return [_until(row, stops) for row in text[:, begun:].tolist()]


def _generate(model: Any, ids: torch.Tensor, count: int, how: Sampling) -> torch.Tensor:
    drawn = {"temperature": how.temperature, "top_p": how.top_p, "top_k": how.top_k} if how.temperature else {}
    stops = sorted(_stops(model))
    config = GenerationConfig(
        max_new_tokens=count,
        do_sample=bool(drawn),
        num_beams=1,
        repetition_penalty=how.repetition_penalty,
        eos_token_id=stops or None,
        pad_token_id=stops[0] if stops else 0,
        **drawn,
    )
    written: torch.Tensor = model.generate(inputs=ids, attention_mask=torch.ones_like(ids), generation_config=config)
    return written


def _stops(model: Any) -> set[int]:
    """Return the tokens that end a text."""
    value = getattr(model.generation_config, "eos_token_id", None)
    value = model.config.eos_token_id if value is None else value
    return set() if value is None else {int(one) for one in (value if isinstance(value, list) else [value])}


def _until(row: list[int], stops: set[int]) -> list[int]:
    end = next((i for i, token in enumerate(row) if token in stops), len(row))
    return row[:end]
