"""translation: a text in another language."""

from __future__ import annotations

from .rewriting import Rewriting


class Translation(Rewriting):
    """Answers {"text", "translation_text"}."""

    written = "translation_text"
