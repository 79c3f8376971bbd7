"""Answers as spans of a context: windows over long contexts, what is learned from them, and what is read off a model."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForQuestionAnswering

from ...core.errors import ModelError, OptionError
from ...core.options import TrainOptions
from ...serving.reading.spans import candidates, ranked
from . import encoders, scratch

#: Under this key a model's config remembers: max_length, longest (tokens of an answer), unanswerable.
KEPT = "fmtools"
#: Answers are this long at most, in tokens, unless training rows have longer ones.
ANSWER, LONGEST_ANSWER = 30, 256
#: Shorter windows have no room for question and context.
SHORTEST = 32
#: Tokens of a question and its context whose attention is drawn.
DRAWN = 64
Pair = tuple[str, str]


def begin(folder: str, texts: list[str], options: TrainOptions) -> tuple[Any, Any]:
    """Return (model, tokenizer) to train: an encoder with a new head over its tokens, pretrained or from scratch.

    Raises ModelError for a model that cannot have such a head, OptionError for windows of the wrong length.
    """
    if not folder:
        tokenizer = scratch.tokenizer(texts, options)
        model = AutoModelForQuestionAnswering.from_config(scratch.config(options, tokenizer), dtype=torch.float32)
    else:
        tokenizer, config = encoders.load_tokenizer(folder), _fitting(folder)
        model = (
            AutoModelForQuestionAnswering.from_config(config, dtype=torch.float32)
            if options.from_scratch
            else encoders._load(AutoModelForQuestionAnswering, folder, dtype=torch.float32)
        )
    if not tokenizer.is_fast:
        raise ModelError(
            "The tokenizer of this model does not say where tokens stand in a text.",
            "Choose a model with tokenizer.json.",
        )
    limit = positions(model)
    if not SHORTEST <= options.max_length <= limit:
        raise OptionError(
            f"--max-length {options.max_length} does not suit: windows of this model have {SHORTEST} to {limit} tokens.",
            f"Give {min(384, limit)}.",
        )
    return model, tokenizer


def _fitting(folder: str) -> Any:
    from transformers.models.auto.modeling_auto import MODEL_FOR_QUESTION_ANSWERING_MAPPING

    config = encoders._load(AutoConfig, folder)
    if type(config) not in MODEL_FOR_QUESTION_ANSWERING_MAPPING:
        raise ModelError(
            f"This model ({config.model_type}) cannot mark answers in a text.", "Choose an encoder, such as minilm."
        )
    return config


def positions(model: Any) -> int:
    """Return how many tokens a model reads at once."""
    config = model.config
    # RoBERTa and its kin count positions from the padding's number on.
    lost = int(config.pad_token_id or 0) + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
    return int(getattr(config, "max_position_embeddings", None) or 512) - lost


def load(folder: Path) -> tuple[Any, Any]:
    """Return (model, tokenizer) of a trained folder, ready to answer. Runs no code of the folder."""
    _fitting(str(folder))
    model = encoders._load(AutoModelForQuestionAnswering, str(folder), dtype=torch.float32)
    return model.eval(), encoders.load_tokenizer(str(folder))


def remember(model: Any, tokenizer: Any, answers: list[str], unanswerable: bool, options: TrainOptions) -> None:
    """Write into the model's config what answering needs to know of the training."""
    ids = tokenizer(answers, add_special_tokens=False)["input_ids"] if answers else []
    longest = min(LONGEST_ANSWER, max([ANSWER, *map(len, ids)]))
    setattr(model.config, KEPT, {"max_length": options.max_length, "longest": longest, "unanswerable": unanswerable})


def limits_of(model: Any) -> dict[str, Any]:
    """Return max_length, longest and unanswerable of a model, those of its training when it has one."""
    usual = {"max_length": min(384, positions(model)), "longest": ANSWER, "unanswerable": False}
    return {**usual, **(getattr(model.config, KEPT, None) or {})}


class Windows(torch.utils.data.Dataset[dict[str, Any]]):
    """Questions with their contexts, tokenised: a long context has several windows, which overlap by a quarter.

    A row is a window; `owner` [windows] is the pair it belongs to, `offsets` [windows][tokens] the place in the context
    of each of its tokens (None elsewhere), `lengths` [windows] their tokens. spans: (start, end) in the context, (-1, -1) for
    none; a window without the answer learns to point at its first token.
    """

    def __init__(
        self, tokenizer: Any, pairs: Sequence[Pair], max_length: int, spans: Sequence[tuple[int, int]] | None = None
    ) -> None:
        questions = [cut(tokenizer, question, max_length // 2) for question, _ in pairs]
        encoded = tokenizer(
            questions,
            [context for _, context in pairs],
            truncation="only_second",
            max_length=max_length,
            stride=max_length // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        self.owner: list[int] = encoded.pop("overflow_to_sample_mapping")
        places = encoded.pop("offset_mapping")
        self.offsets = [
            [place if side == 1 else None for place, side in zip(row, encoded.sequence_ids(i), strict=True)]
            for i, row in enumerate(places)
        ]
        self.inputs = {name: encoded[name] for name in encoded if name != "attention_mask"}
        self.lengths = [len(row) for row in encoded["input_ids"]]
        self.marks = (
            [mark(row, spans[owner]) for row, owner in zip(self.offsets, self.owner, strict=True)] if spans else None
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = {name: values[index] for name, values in self.inputs.items()}
        if self.marks is not None:
            row["start_positions"], row["end_positions"] = self.marks[index]
        return row


def cut(tokenizer: Any, text: str, tokens: int) -> str:
    """Cut a question that would leave no room for its context."""
    places = tokenizer(text, add_special_tokens=False, truncation=True, max_length=tokens, return_offsets_mapping=True)
    found = places["offset_mapping"]
    return text[: found[-1][1]] if len(found) == tokens else text


def mark(offsets: list[tuple[int, int] | None], span: tuple[int, int]) -> tuple[int, int]:
    """Return the first and last token of a span (start, end); (0, 0) when the window does not hold all of it."""
    start, end = span
    inside = [i for i, place in enumerate(offsets) if place is not None and place[1] > place[0]]
    if start < 0 or not inside or offsets[inside[0]][0] > start or offsets[inside[-1]][1] < end:  # type: ignore[index]
        return 0, 0
    held = [i for i in inside if offsets[i][1] > start and offsets[i][0] < end]  # type: ignore[index]
    return (held[0], held[-1]) if held else (0, 0)


class PadWindows:
    """Collate windows to tensors [windows, longest of the batch]; padding goes to the right."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        batch = {}
        for name in rows[0]:
            if name.endswith("_positions"):
                batch[name] = torch.tensor([row[name] for row in rows])
                continue
            fill = self.pad_id if name == "input_ids" else 0
            batch[name] = torch.tensor([row[name] + [fill] * (longest - len(row[name])) for row in rows])
        batch["attention_mask"] = torch.tensor(
            [[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows]
        )
        return batch


def rows_of(table: Any) -> tuple[list[Pair], list[list[tuple[int, str]]]]:
    """Return the (question, context) pairs of a prepared table, and the (start, text) answers of each."""
    pairs = list(zip(table["question"].to_pylist(), table["context"].to_pylist(), strict=True))
    return pairs, [[(int(s), str(t)) for s, t in json.loads(text)] for text in table["answers"].to_pylist()]


def training_windows(tokenizer: Any, table: Any, max_length: int) -> Windows:
    """Return the windows of a prepared table with the span of each question's first answer."""
    pairs, answers = rows_of(table)
    spans = [(found[0][0], found[0][0] + len(found[0][1])) if found else (-1, -1) for found in answers]
    return Windows(tokenizer, pairs, max_length, spans)


def answer(
    model: Any, tokenizer: Any, pairs: Sequence[Pair], batch_size: int, top: int = 1
) -> list[list[dict[str, Any]]]:
    """Return for each (question, context) its answers {"answer", "score", "start", "end"}, best first, at most `top`.

    start and end are places in the context; score is the probability among the best spans of all windows. Where the
    training had questions without an answer, "" competes too. The model's mode is left as it was.
    """
    limits = limits_of(model)
    if not pairs:
        return []
    windows = Windows(tokenizer, pairs, limits["max_length"])
    collate = PadWindows(int(tokenizer.pad_token_id or 0))
    order = sorted(range(len(windows)), key=windows.lengths.__getitem__)
    found: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    none: dict[int, float] = defaultdict(lambda: float("inf"))
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for at in range(0, len(order), batch_size):
            chosen = order[at : at + batch_size]
            batch = {name: value.to(model.device) for name, value in collate([windows[i] for i in chosen]).items()}
            out = model(**batch)
            for i, starts, ends in zip(chosen, _numbers(out.start_logits), _numbers(out.end_logits), strict=True):
                owner = windows.owner[i]
                found[owner] += candidates(starts, ends, windows.offsets[i], limits["longest"])
                none[owner] = min(none[owner], float(starts[0] + ends[0]))
    model.train(was_training)
    return [ranked(pairs[i][1], found[i], none[i] if limits["unanswerable"] else None, top) for i in range(len(pairs))]


def _numbers(logits: torch.Tensor) -> np.ndarray:
    found: np.ndarray = logits.float().cpu().numpy()
    return found


def attention(model: Any, tokenizer: Any, text: str) -> tuple[list[str], np.ndarray]:
    """Return (tokens [n], attention [layers, heads, n, n]) of a question and its context.

    text: the question on the first line and the context behind it, or on one line up to its question mark.
    """
    question, context = divided(text)
    sides = (question, context) if context else (question,)
    encoded = tokenizer(*sides, truncation=True, max_length=DRAWN, return_offsets_mapping=True)
    named = [
        sides[side][slice(*place)] if side is not None and place[1] > place[0] else None
        for place, side in zip(encoded.pop("offset_mapping"), encoded.sequence_ids(0), strict=True)
    ]
    plain = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    tokens = [(name or "").strip() or token for name, token in zip(named, plain, strict=True)]
    batch = {name: torch.tensor([values], device=model.device) for name, values in encoded.items()}
    inner = model.get_base_model() if hasattr(model, "merge_and_unload") else model
    return tokens, encoders.attention_weights(inner, batch)


def divided(text: str) -> Pair:
    """Divide a text into question and context: at its first line's end, else behind its first question mark."""
    for sign, length in (("\n", 0), ("? ", 1), ("？", 1)):
        question, found, context = text.partition(sign)
        if found and question.strip() and context.strip():
            return question + sign[:length], context.strip()
    return text, ""
