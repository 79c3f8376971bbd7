"""summarization: the short of a text."""

from __future__ import annotations

from .rewriting import Rewriting


class Summarization(Rewriting):
    """Answers {"text", "summary_text"}."""

    written = "summary_text"
