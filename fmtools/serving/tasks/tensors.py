"""Models of other tasks: their tensors are served as they are, over /v2."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..artifact import Artifact
from ..pieces import Piece
from ..problems import Problem
from ..session import Session
from .base import Asked, Row


class Tensors:
    """Answers no texts."""

    fields: tuple[str, ...] = ()
    over_tokens = False
    manner: ClassVar[tuple[str, ...]] = ()
    written: ClassVar[str] = ""

    def __init__(self, artifact: Artifact, session: Session) -> None:
        self.task = artifact.task

    def rows(self, asked: Asked) -> list[Row]:
        """Refuse: how texts become this model's tensors is not known."""
        raise Problem(422, f"A model of {self.task} is asked with tensors: POST /v2/models/NAME/infer.", "text")

    def pieces(self, row: Row) -> tuple[list[Piece], Any]:
        """There is nothing to compute without rows."""
        return [], None

    def answer(self, row: Row, kept: Any, outputs: list[dict[str, np.ndarray]], top: int) -> Row:
        """There is nothing to answer without rows."""
        return row

    def sample(self, tokens: int) -> list[Piece]:
        """Its inputs are not known."""
        return []
