"""What a task does for the server, and what a request may ask."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..pieces import Piece
from ..problems import Problem

Row = dict[str, Any]


class Asked(BaseModel):
    """The body of POST /predict. Which fields a model reads, /openapi.json says: `text` for most."""

    model_config = ConfigDict(extra="forbid")
    text: str | list[str] | None = Field(None, description="A text, or several.")
    pair: str | list[str] | None = Field(None, description="The second text of each, where the model reads two.")
    question: str | list[str] | None = Field(None, description="A question about the context, or several.")
    context: str | list[str] | None = Field(None, description="The text that answers are found in.")
    top: int = Field(3, ge=1, le=1000, description="How many labels or answers to return.")
    max_new_tokens: int = Field(100, ge=1, le=8192, description="Length of what a model writes, in tokens.")
    beams: int = Field(1, ge=1, le=16, description="Beams of the search; only models that translate or summarize.")


class Handler(Protocol):
    """Turns requests into pieces, and a model's outputs into the answers that `fmtools predict` gives."""

    #: Fields of `Asked` that this model needs.
    fields: tuple[str, ...]
    #: Whether the outputs have a value for each token [batch, length, ...]: those of padding are then cut off.
    over_tokens: bool
    #: Fields of `Asked` besides `top` that say how this model answers.
    manner: ClassVar[tuple[str, ...]]
    #: The field of an answer that holds what was written; "" for a model that writes nothing.
    written: ClassVar[str]

    def rows(self, asked: Asked) -> list[Row]:
        """Return one row for each answer that is asked for. Raises Problem 422, naming the field."""
        ...

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """Return what is to compute for a row, and what `answer` needs to know of it. Raises Problem."""
        ...

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """Return the answer of a row from the outputs of its pieces."""
        ...

    def sample(self, tokens: int) -> list[Piece]:
        """Return a piece of `tokens` tokens to warm the model up with; none where that is not known."""
        ...


def rows_of(handler: Handler, asked: Asked) -> list[Row]:
    """Return one row for each answer that is asked for. Raises Problem 422 for a manner that the model does not have."""
    for name in ("max_new_tokens", "beams"):
        if name in asked.model_fields_set and name not in handler.manner:
            raise Problem(422, f"{name}: this model knows no such thing.", name)
    return handler.rows(asked)


class TextRows:
    """Base of tasks whose rows are one text each, or two."""

    fields: tuple[str, ...] = ("text",)
    over_tokens = False
    manner: ClassVar[tuple[str, ...]] = ()
    written: ClassVar[str] = ""
    known: ClassVar[tuple[str, ...]] = ("text", "pair", "question", "context")

    def rows(self, asked: Asked) -> list[Row]:
        """Return one row a text."""
        given = {name: listed(getattr(asked, name)) for name in self.known if getattr(asked, name) is not None}
        for name in self.fields:
            if name not in given:
                raise Problem(422, f"{name}: this model needs it.", name)
        for name in given:
            if name not in self.fields:
                raise Problem(422, f"{name}: this model reads {' and '.join(self.fields)} only.", name)
        return [dict(zip(self.fields, row, strict=True)) for row in zip(*self.equal(given, self.fields), strict=True)]

    def equal(self, given: dict[str, list[str]], fields: tuple[str, ...]) -> list[list[str]]:
        """Return the values of each field, equally many: one goes with each of the others'. Raises Problem 422."""
        count = max(len(values) for values in given.values())
        found = [given[name] * count if len(given[name]) == 1 else given[name] for name in fields]
        for name, values in zip(fields, found, strict=True):
            if len(values) != count:
                raise Problem(422, f"{name}: there are {len(values)}, and {count} of the others.", name)
        if not count:
            raise Problem(422, f"{fields[0]}: there is nothing to predict.", fields[0])
        return found

    def sample(self, tokens: int) -> list[Piece]:
        """Return one piece of ordinary ids."""
        return [Piece({"input_ids": np.full(tokens, 5, np.int64)})]


def listed(value: str | list[str]) -> list[str]:
    """Return one or several texts as a list."""
    return [value] if isinstance(value, str) else value
