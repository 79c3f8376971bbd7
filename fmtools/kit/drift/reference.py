"""What texts and answers looked like when a model was made: the counts that a server's are compared with (kit.drift.counts)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.contracts import Task
from ...core.options import PredictOptions
from ...serving.reading.meaning import centre
from ...serving.reading.tally import Tally

#: Tasks whose answers are counted; of those after them the texts alone are. What others were trained on is not what they
#: are asked: a language model reads prompts.
ANSWERED = ("text-classification", "token-classification", "question-answering")
VECTORS = "sentence-similarity"
#: Tasks that write from a text: the lengths of both are counted, of so many rows, since writing takes its time.
REWRITING, WRITTEN = ("translation", "summarization"), 128
READING = (*ANSWERED, "fill-mask", VECTORS, *REWRITING)


def of(task: Task, loaded: Any, rows: Any, meta: dict[str, Any]) -> dict[str, Any]:
    """Return {"training": counts} of prepared held-out rows (an Arrow table) and of the model's answers to them.

    {} where the rows are not what the model will be asked. Counts only: no text can be had from them; see serving.reading.tally.
    """
    if task.name in REWRITING:
        rows = rows.slice(0, WRITTEN)
    inputs = _inputs(rows, meta) if task.name in READING else []
    if task.name == VECTORS:
        inputs = [{"text": text} for row in rows.to_pylist() for text in row.values() if isinstance(text, str)]
    if not inputs:
        return {}
    answers: list[Any] = [None] * len(inputs)
    if task.name in (*ANSWERED, VECTORS, *REWRITING):
        answers = task.predict(loaded, inputs, PredictOptions.parse({"text": []}))
    middle = centre(np.array([answer["embedding"] for answer in answers])) if task.name == VECTORS else []
    tally = Tally(middle)
    for row, answer in zip(inputs, answers, strict=True):
        tally.add(row, answer)
    return {"training": {**tally.to_json(), **({"centre": middle} if middle else {})}}


def _inputs(rows: Any, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return rows as a server is asked: {"question", "context"}, or {"text"} with "pair" where the model reads two."""
    columns = set(rows.column_names)
    if {"question", "context"} <= columns:
        return list(rows.select(["question", "context"]).to_pylist())
    if {"source", "target"} <= columns:
        return [{"text": text} for text in rows["source"].to_pylist()]
    if "tokens" in columns:
        blank = "" if meta.get("division") == "characters" else " "
        return [{"text": blank.join(tokens)} for tokens in rows["tokens"].to_pylist()]
    if "text" not in columns:
        return []
    names = ["text", "pair"] if meta.get("pair_column") and "pair" in columns else ["text"]
    return [{name: str(value) for name, value in row.items()} for row in rows.select(names).to_pylist()]
