"""Writing one text from another with an encoder-decoder, the loss of given targets, and where the decoder looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...core.errors import ModelError
from ...core.options import PredictOptions
from ..training.durable import random_state_kept
from .language_model import positions_of, scores, tallies
from .looking import readable
from .seq2seq import PairRows, collator, limits_of, source_ids

#: Sources that are written from together, and tokens of each side whose attention is drawn.
TOGETHER, DRAWN = 32, 32


@dataclass(frozen=True)
class Manner:
    """How to choose tokens: beams, or drawn where temperature > 0. `answers`: the best so many beams of each source."""

    max_new_tokens: int
    beams: int = 1
    answers: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 42

    @classmethod
    def of(cls, options: PredictOptions) -> Manner:
        """Take it from the options of `predict`."""
        same = ("max_new_tokens", "beams", "temperature", "top_p", "top_k", "repetition_penalty", "seed")
        answers = min(options.top, options.beams) if not options.temperature else 1
        return cls(**{name: getattr(options, name) for name in same}, answers=answers)


def write(
    model: Any, tokenizer: Any, texts: list[str], how: Manner, together: int = TOGETHER
) -> list[list[tuple[str, float | None]]]:
    """Return for each source the (text, score) written from it, best first.

    score: exp of the mean log-probability a token, of beams only. The same sources, manner and seed give the same texts;
    what is written of one does not depend on the others' order. The model's mode and the random state are left as they were.
    """
    ids = source_ids(tokenizer, texts, limits_of(model))
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    found: list[list[tuple[str, float | None]]] = [[] for _ in texts]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), random_state_kept():
            for start in range(0, len(order), together):
                places = order[start : start + together]
                torch.manual_seed(how.seed)
                for place, answers in zip(places, _batch(model, tokenizer, [ids[i] for i in places], how), strict=True):
                    found[place] = answers
    finally:
        model.train(was_training)
    return found


def _batch(model: Any, tokenizer: Any, ids: list[list[int]], how: Manner) -> list[list[tuple[str, float | None]]]:
    longest = max(map(len, ids))
    padded = torch.full((len(ids), longest), int(tokenizer.pad_token_id or 0), device=model.device)
    mask = torch.zeros_like(padded)
    for i, row in enumerate(ids):
        padded[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    out = model.generate(input_ids=padded, attention_mask=mask, **_asked(model, how))
    texts = tokenizer.batch_decode(out.sequences, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    sure = getattr(out, "sequences_scores", None)
    values = [None] * len(texts) if sure is None else [math.exp(value) for value in sure.tolist()]
    pairs: list[tuple[str, float | None]] = [(t.strip(), v) for t, v in zip(texts, values, strict=True)]
    return [pairs[i : i + how.answers] for i in range(0, len(pairs), how.answers)]


def _asked(model: Any, how: Manner) -> dict[str, Any]:
    """Return the words of `generate` for a manner; what a model's own generation_config knows besides stays."""
    positions = positions_of(model)
    drawn = {"temperature": how.temperature, "top_p": how.top_p, "top_k": how.top_k} if how.temperature else {}
    return {
        "max_new_tokens": min(how.max_new_tokens, positions - 1) if positions else how.max_new_tokens,
        "do_sample": bool(drawn),
        "num_beams": how.beams,
        "num_return_sequences": how.answers,
        "early_stopping": how.beams > 1,
        "repetition_penalty": how.repetition_penalty,
        "output_scores": how.beams > 1,
        "return_dict_in_generate": True,
        **drawn,
    }


def greedy(model: Any, tokenizer: Any, texts: list[str], together: int = TOGETHER) -> list[str]:
    """Return the likeliest text, token by token, as long as targets were in the training."""
    how = Manner(limits_of(model)["max_target_length"])
    return [answers[0][0] for answers in write(model, tokenizer, texts, how, together)]


def loss(model: Any, tokenizer: Any, sources: list[str], targets: list[str], batch_size: int) -> float:
    """Return the mean of -log p(token), in nats, over all tokens of the targets."""
    rows = PairRows(tokenizer, sources, targets, limits_of(model))
    return scores(tallies(model, rows, collator(model, tokenizer), batch_size).sum(0))["loss"]


@torch.no_grad()
def attention(model: Any, tokenizer: Any, text: str, target: str | None = None) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention float32 [layers, heads, n, n]): the source's tokens, then those written from it.

    A row is the token that looks. A source token's row is the encoder's attention over the source, a written token's row the
    decoder's cross-attention over the source: which source tokens it was written from. `target`: the text to go along
    with; what the model writes itself when not given.
    """
    if target is None:
        short = Manner(min(DRAWN, limits_of(model)["max_target_length"]))
        target = write(model, tokenizer, [text], short)[0][0][0]
    ids, shown = readable(tokenizer, limits_of(model)["prefix"] + text, DRAWN)
    written, shown_too = readable(tokenizer, target, DRAWN)
    plain = model.get_base_model() if hasattr(model, "merge_and_unload") else model
    labels = torch.tensor([written], device=model.device)
    out = _looked(model, plain, torch.tensor([ids], device=model.device), labels)
    if not out.cross_attentions or not out.encoder_attentions:
        raise ModelError("This model does not give its attention weights.", "Choose another model to look inside.")
    return [*shown, *shown_too], _joined(out.encoder_attentions, out.cross_attentions)


def _looked(model: Any, plain: Any, ids: torch.Tensor, labels: torch.Tensor) -> Any:
    """Run the model once with the plain kernels: the fused ones give no weights."""
    was_training, kernels = model.training, plain.config._attn_implementation
    plain.set_attn_implementation("eager")
    try:
        shifted = plain.prepare_decoder_input_ids_from_labels(labels)
        return model.eval()(input_ids=ids, decoder_input_ids=shifted, output_attentions=True)
    finally:
        plain.set_attn_implementation(kernels)
        model.train(was_training)


def _joined(encoder: Any, cross: Any) -> np.ndarray:
    """Lay the last layers of both side by side: [layers, heads, source + target, source + target]."""
    layers, heads = min(len(encoder), len(cross)), min(encoder[0].shape[1], cross[0].shape[1])
    targets, sources = cross[0].shape[-2:]
    found = np.zeros((layers, heads, sources + targets, sources + targets), np.float32)
    for layer, (own, over) in enumerate(zip(encoder[-layers:], cross[-layers:], strict=True)):
        found[layer, :, :sources, :sources] = own[0, :heads].float().cpu().numpy()
        found[layer, :, sources:, :sources] = over[0, :heads].float().cpu().numpy()
    return found
