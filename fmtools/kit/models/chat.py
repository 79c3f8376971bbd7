"""Conversations as a model reads them: its template, and which of the tokens are the assistant's."""

from __future__ import annotations

import re
from typing import Any

from jinja2.exceptions import TemplateError

from ...core.errors import ModelError
from ...serving.reading.plain_talk import TEMPLATE

Talk = list[dict[str, str]]


def give_template(tokenizer: Any) -> None:
    """Give a tokenizer without a chat template the plain one; it is saved with the model."""
    if not tokenizer.chat_template:
        tokenizer.chat_template = TEMPLATE


def as_text(talk: Talk) -> str:
    """Return what a conversation looks like in the plain template, to learn a tokenizer from."""
    return "".join(f"{message['role'].capitalize()}: {message['content']}\n" for message in talk)


def render(tokenizer: Any, talk: Talk, asking: bool = False) -> str:
    """Return a conversation as text; `asking`: up to where the assistant begins. Raises ModelError when the template will not."""
    try:
        return str(tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=asking))
    except (TemplateError, TypeError, LookupError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        roles = ", ".join(message["role"] for message in talk[:6])
        raise ModelError(f"The model's chat template does not take this conversation ({roles}): {said}", "") from None


def prompt(tokenizer: Any, talk: Talk) -> list[int]:
    """Return the tokens after which the assistant answers."""
    return list(tokenizer(render(tokenizer, talk, asking=True), add_special_tokens=False, verbose=False)["input_ids"])


def encode(tokenizer: Any, talk: Talk, number: int = 1) -> tuple[list[int], list[bool]]:
    """Return a conversation's tokens, and which of them the assistant says, its end token included.

    Raises ModelError, with the `number` of the conversation, when the model's template does not take it.
    """
    try:
        text = render(tokenizer, talk)
    except ModelError as error:
        raise ModelError(f"Conversation {number}: {error.cause}", "Leave it out, or change who speaks when.") from None
    spans = answer_spans(tokenizer, talk, text)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    said = [any(a >= start and start < b <= end for start, end in spans) for a, b in encoded["offset_mapping"]]
    return list(encoded["input_ids"]), said


def answer_spans(tokenizer: Any, talk: Talk, text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each answer in the rendered conversation, in characters."""
    spans, begin = [], 0
    for place, message in enumerate(talk):
        if message["role"] != "assistant":
            continue
        found = _by_prefix(tokenizer, talk, place, text) or _by_content(tokenizer, message["content"], text, begin)
        if found is not None:
            spans.append(found)
            begin = found[1]
    return spans


def _by_prefix(tokenizer: Any, talk: Talk, place: int, text: str) -> tuple[int, int] | None:
    """Take what the template adds when the answer comes; None when it writes the earlier messages otherwise then."""
    try:
        before, after = render(tokenizer, talk[:place], asking=True), render(tokenizer, talk[: place + 1])
    except ModelError:
        return None
    if not after.startswith(before) or not text.startswith(after.rstrip()):
        return None
    end = len(after.rstrip()) if _ends_itself(tokenizer, after) else len(after)
    return (len(before), end) if end > len(before) else None


def _ends_itself(tokenizer: Any, text: str) -> bool:
    """Say whether a special token closes the text: the line feed that templates set after it is nobody's to learn."""
    return any(text.rstrip().endswith(token) for token in tokenizer.all_special_tokens)


def _by_content(tokenizer: Any, content: str, text: str, begin: int) -> tuple[int, int] | None:
    """Find the answer's own words, and the special token right after them."""
    start = text.find(content.strip(), begin)
    if start < 0 or not content.strip():
        return None
    end = start + len(content.strip())
    closing = re.match(r"\s*(?:" + "|".join(map(re.escape, tokenizer.all_special_tokens or ["\0"])) + ")", text[end:])
    return start, end + (closing.end() if closing else 0)
