"""Texts with gaps, as people write them. Light: the kernel imports it."""

from __future__ import annotations

from typing import Any

from ...core.contracts import Dataset
from ...core.errors import FmError
from ...core.options import PredictOptions
from ...serving.reading.gaps import GAP, filled
from . import inputs

__all__ = ["GAP", "filled", "of"]


def of(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"text": ...} for each typed text and each row. Raises FmError for a text without a gap."""
    found = inputs.texts(options, data, meta.get("text_column"))
    whole = next((place for place, row in enumerate(found, 1) if not GAP.search(row["text"])), None)
    if whole is not None:
        shown = found[whole - 1]["text"][:60]
        raise FmError(f"Text {whole} has no gap to fill: {shown!r}.", "Write ___ or [MASK] where a word is missing.")
    return found
