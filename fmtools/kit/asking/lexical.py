"""Answers that need no model: a sentence of the context, a name in it. Light."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..words.segments import sentences, words


def first_sentence(question: str, context: str) -> str:
    """Return the first sentence of the context."""
    del question
    found = sentences(context)
    return context[slice(*found[0])] if found else ""


def likest_sentence(question: str, context: str) -> str:
    """Return the sentence that shares most words with the question, the first of equals."""
    asked = set(words(question))
    found = sentences(context)
    if not found:
        return ""
    shared = [len(asked & set(words(context[start:end]))) for start, end in found]
    return context[slice(*found[shared.index(max(shared))])]


#: One or more words that begin with a capital letter.
_NAME = re.compile(r"\b[^\W\d_a-z]\w*(?: [^\W\d_a-z]\w*)*")


def first_name(question: str, context: str) -> str:
    """Return the first capitalised words, not at a sentence's beginning, that the question does not have."""
    begins, asked = {start for start, _ in sentences(context)}, question.lower()
    found = (match for match in _NAME.finditer(context) if match.start() not in begins)
    return next((match[0] for match in found if match[0].lower() not in asked), "")


#: By the name that reports show.
ANSWERS: dict[str, Callable[[str, str], str]] = {
    "the first name that the question does not have": first_name,
    "the first sentence": first_sentence,
    "the sentence most like the question": likest_sentence,
}
