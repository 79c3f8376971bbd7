"""What a trained language model shall go on from: typed texts, messages, or rows of data. Light: the kernel imports it."""

from __future__ import annotations

import json
from typing import Any

from ...core.contracts import Dataset
from ...core.errors import FmError, OptionError
from ...core.options import PredictOptions
from . import inputs
from .columns import guess_text_column
from .documents import CHAT, Shape, shape_of


def of(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"text"} for a run that learned documents, {"text", "messages"} for one that learned conversations.

    Raises FmError when there is nothing, OptionError for a system message where no conversation was learned.
    """
    if meta.get("form") != CHAT:
        if options.system:
            raise OptionError("This run learned documents and takes no --system message.", "Put it before the --text.")
        return inputs.texts(options, data, meta.get("text_column"))
    talks = [[{"role": "user", "content": text}] for text in options.text]
    for table in data.splits.values() if data is not None else ():
        talks += _asked(table, options, meta)
    if not talks:
        raise FmError("There is nothing to answer.", 'Give --text "a question" or --data FILE.')
    return [_input(talk, options.system) for talk in talks]


def _asked(table: Any, options: PredictOptions, meta: dict[str, Any]) -> list[list[dict[str, str]]]:
    """Return the conversations of a table, each up to the last thing the user said."""
    wanted = options.text_column or (meta["text_column"] if meta["text_column"] in table.column_names else None)
    shape, _ = shape_of(table, wanted)
    if shape.form == CHAT and len(shape.columns) == 1:
        cells = shape.cells(table)
        return [_up_to_the_user(json.loads(cell)) if cell else [{"role": "user", "content": ""}] for cell in cells]
    name = shape.columns[0] if shape.form == CHAT else guess_text_column(table, wanted)[0]
    values = Shape("text", (name,)).cells(table)
    return [[{"role": "user", "content": value or ""}] for value in values]


def _up_to_the_user(talk: list[dict[str, str]]) -> list[dict[str, str]]:
    last = max((i for i, message in enumerate(talk) if message["role"] == "user"), default=len(talk) - 1)
    return talk[: last + 1]


def _input(talk: list[dict[str, str]], system: str) -> dict[str, Any]:
    if system:
        talk = [{"role": "system", "content": system}, *(m for m in talk if m["role"] != "system")]
    return {"text": talk[-1]["content"], "messages": talk}
