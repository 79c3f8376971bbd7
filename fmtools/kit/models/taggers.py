"""Encoders with a tag for every token: build, load, tag sentences, look at attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.errors import ModelError
from ...core.options import TrainOptions
from ..rows.tagging import entities_of
from ..words.division import Division, Span, divide, join
from . import encoders, scratch
from .tokens import PadTags, Pieces, TaggedRows

#: Windows are not made longer than this, whatever a model takes: attention grows with the square.
LONGEST = 512


@dataclass
class Tagged:
    """What a model says of sentences: for each the tokens, the tag numbers [n], how sure it is of them [n], and, where the
    truth was given, -log p of it [n]."""

    tokens: list[list[str]]
    tags: list[np.ndarray]
    sure: list[np.ndarray]
    missed: list[np.ndarray] = field(default_factory=list)
    #: The share of the tokens that the tokenizer does not know.
    unknown: float = 0.0

    def loss(self) -> float | None:
        """Return the mean of -log p(truth) over all tokens, in nats; None where there was no truth."""
        return float(np.concatenate(self.missed).mean(dtype=np.float64)) if self.missed else None


def build(folder: str, meta: dict[str, Any], sentences: list[list[str]], options: TrainOptions) -> tuple[Any, Any]:
    """Return (model, tokenizer): pretrained with a new head, or with random weights when made from scratch.

    `folder` is "" for an architecture by name; its tokenizer is learned from the sentences. How texts were divided is
    written into the model's configuration, for whoever predicts with it.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification

    names: dict[str, Any] = {
        "num_labels": len(meta["labels"]),
        "id2label": dict(enumerate(meta["labels"])),
        "label2id": {label: i for i, label in enumerate(meta["labels"])},
    }
    if folder:
        tokenizer = encoders.load_tokenizer(folder)
        config = None if not options.from_scratch else encoders._load(AutoConfig, folder, **names)
    else:
        tokenizer = scratch.tokenizer(_learnable(sentences, meta["division"]), options)
        config = scratch.config(options, tokenizer)
        config.update(names)
    if config is not None:
        model = AutoModelForTokenClassification.from_config(config)
    else:
        model = encoders._load(AutoModelForTokenClassification, folder, ignore_mismatched_sizes=True, **names)
    if not tokenizer.is_fast:
        raise ModelError("The tokenizer of this model is not one of the `tokenizers` library.", "Choose another model.")
    model.config.division, model.config.plain_tags = meta["division"], meta["plain"]
    return model, tokenizer


def _learnable(sentences: list[list[str]], how: Division) -> Iterator[str]:
    """Yield what a tokenizer is learned from: whole sentences, or single characters, that no piece grows over two."""
    for tokens in sentences:
        if how == "characters":
            yield from tokens
        else:
            yield join(tokens, how)[0]


def load(folder: Path) -> tuple[Any, Any]:
    """Load (model, tokenizer) of a trained folder."""
    from transformers import AutoModelForTokenClassification

    model = encoders._load(AutoModelForTokenClassification, str(folder))
    return model.eval(), encoders.load_tokenizer(str(folder))


def division(model: Any) -> Division:
    """Say how texts are divided for a model; "words" for one that was not trained here."""
    return "characters" if getattr(model.config, "division", "") == "characters" else "words"


def longest(model: Any, tokenizer: Any) -> int:
    """Return how many tokens a window may have: what positions there are, and what the tokenizer says was trained."""
    config = model.config
    positions = int(getattr(config, "max_position_embeddings", LONGEST) or LONGEST)
    if getattr(config, "model_type", "") in ("roberta", "xlm-roberta", "camembert"):
        positions -= 2  # theirs begin behind the number of the padding
    return max(8, min(positions, int(tokenizer.model_max_length), LONGEST))


def tag(
    loaded: tuple[Any, Any], sentences: list[list[str]], batch_size: int, truth: list[list[int]] | None = None
) -> Tagged:
    """Tag every token of every sentence, long ones window by window; like lengths are computed together."""
    model, tokenizer = loaded
    pieces = Pieces(tokenizer, division(model))
    rows = TaggedRows(pieces, sentences, truth, longest(model, tokenizer))
    found = Tagged(
        sentences,
        [np.zeros(len(tokens), np.int64) for tokens in sentences],
        [np.zeros(len(tokens), np.float32) for tokens in sentences],
        [np.zeros(len(tokens), np.float32) for tokens in sentences] if truth is not None else [],
        pieces.share_unknown(sentences),
    )
    filled = [0] * len(sentences)
    places = []
    for number, own in zip(rows.sentence, rows.places, strict=True):
        places.append(slice(filled[number], filled[number] + len(own)))
        filled[number] += len(own)
    order = sorted(range(len(rows)), key=rows.lengths.__getitem__)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        for row, scores in zip(chosen, _log_probabilities(model, tokenizer, rows, chosen), strict=True):
            number, here = rows.sentence[row], places[row]
            found.tags[number][here] = scores.argmax(-1)
            found.sure[number][here] = np.exp(scores.max(-1))
            if truth is not None:
                wanted = rows.labels[row][rows.places[row]]
                found.missed[number][here] = -np.take_along_axis(scores, wanted[:, None], -1)[:, 0]
    return found


@torch.inference_mode()
def _log_probabilities(model: Any, tokenizer: Any, rows: TaggedRows, chosen: list[int]) -> list[np.ndarray]:
    """Return log p [own words, labels] for each chosen window."""
    batch = PadTags(tokenizer.pad_token_id or 0)([rows[row] for row in chosen])
    del batch["labels"]
    logits = model(**{name: value.to(model.device) for name, value in batch.items()}).logits.float()
    scores = logits.log_softmax(-1).cpu().numpy()
    return [scores[place, rows.places[row]] for place, row in enumerate(chosen)]


def chosen(logits: Any, labels: Any) -> Any:
    """Return the likeliest tags [rows, longest] of a batch of the Trainer's: all logits of a split would not fit."""
    del labels
    return (logits[0] if isinstance(logits, tuple) else logits).argmax(-1)


def probe(sentences: list[list[str]], division: Division) -> str:
    """Return the sentence to watch when the user named none: the first of a readable length."""
    texts = (join(tokens, division)[0] for tokens in sentences if 4 <= len(tokens) <= 24)
    return next((text for text in texts if len(text) <= 80), join(sentences[0][:24], division)[0])


def answers(loaded: tuple[Any, Any], inputs: list[dict[str, Any]], batch_size: int) -> list[dict[str, Any]]:
    """Tag inputs {"text"} or {"tokens"}; return for each what `Task.predict` of token-classification promises."""
    model, names = loaded[0], loaded[0].config.id2label
    parts = [_words(row, division(model)) for row in inputs]
    found = tag(loaded, [tokens for _, tokens, _ in parts], batch_size)
    plain = bool(getattr(model.config, "plain_tags", False))
    answers = []
    for (text, tokens, spans), numbers, sure in zip(parts, found.tags, found.sure, strict=True):
        tags = [names[int(number)] for number in numbers]
        entities = [
            {
                "entity_group": chunk.kind,
                "score": float(sure[chunk.first : chunk.last + 1].mean()),
                "word": text[spans[chunk.first][0] : spans[chunk.last][1]],
                "start": spans[chunk.first][0],
                "end": spans[chunk.last][1],
            }
            for chunk in entities_of(tags, plain)
        ]
        answers.append({"text": text, "entities": entities, "tokens": tokens, "tags": tags})
    return answers


def _words(row: dict[str, Any], how: Division) -> tuple[str, list[str], list[Span]]:
    """Return (text, tokens, where each token stands in the text) of an input."""
    if "tokens" in row:
        text, spans = join(row["tokens"], how)
        return text, row["tokens"], spans
    spans = divide(row["text"], how)
    return row["text"], [row["text"][a:b] for a, b in spans], spans


def attention(loaded: tuple[Any, Any], text: str, most: int) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention [layers, heads, n, n]) of the pieces that the model is given for a text."""
    model, tokenizer = loaded
    how = division(model)
    pieces = Pieces(tokenizer, how)
    words = [text[a:b] for a, b in divide(text, how)] or [text]
    room = most - len(pieces.before) - len(pieces.after)
    ids, shown = [], []
    for word, inside in zip(words, pieces([words])[0], strict=True):
        ids += inside
        shown += readable(tokenizer, word, inside)
    frame = [tokenizer.convert_ids_to_tokens(part) for part in (pieces.before, pieces.after)]
    row = torch.tensor([[*pieces.before, *ids[:room], *pieces.after]], device=model.device)
    weights = encoders.attention_weights(model, {"input_ids": row, "attention_mask": torch.ones_like(row)})
    return [*frame[0], *shown[:room], *frame[1]], weights


def readable(tokenizer: Any, word: str, ids: list[int]) -> list[str]:
    """Return the letters of a word that each of its pieces stands for; the later pieces of a word begin with ##."""
    if len(ids) == 1 or len(word) == 1:
        return [word, *["·"] * (len(ids) - 1)]
    found, before = [], ""
    for end in range(1, len(ids) + 1):
        now = tokenizer.decode(ids[:end], clean_up_tokenization_spaces=False).strip()
        new = now[len(before) :] if now.startswith(before) else tokenizer.decode(ids[end - 1 : end])
        # Half a character, as byte-level pieces may be, decodes to a mark of replacement until its rest has come.
        found.append(new.strip("\ufffd") or "·")
        before = now.rstrip("\ufffd")
    return [found[0], *(f"##{part.removeprefix('##')}" for part in found[1:])]
