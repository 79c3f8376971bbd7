"""Cells of tables: texts, lists of tokens, messages, answers - whatever is nested in them - walked through leaf by leaf."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .spans import Span

if TYPE_CHECKING:
    import pyarrow as pa

#: A leaf is a text, or a list of tokens that is one sentence; its place is "" for the cell itself, "[2].content" inside it.
Leaf = str | list[str]
Visit = Callable[[Leaf, str], Leaf]
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_TAG = re.compile(r"(?:[BIOESLMU](?:[-_][\w.-]+)?|_|-X-|PAD)")


def visit(value: Any, each: Visit, place: str = "") -> Any:
    """Return the value with every text in it replaced by what `each(leaf, place)` returns; the rest stays as it is."""
    if isinstance(value, str):
        return each(value, place)
    if isinstance(value, dict):
        return {key: visit(inner, each, f"{place}.{key}" if place else str(key)) for key, inner in value.items()}
    if isinstance(value, tuple):  # one pair of an Arrow map
        return tuple(visit(inner, each, f"{place}({i})") for i, inner in enumerate(value))
    if not isinstance(value, list):
        return value
    if is_tokens(value):
        return each(value, place)
    return [visit(inner, each, f"{place}[{i}]") for i, inner in enumerate(value)]


def is_tokens(value: list[Any]) -> bool:
    """Say whether a list of texts is one sentence cut up: no white space inside, and short pieces."""
    if len(value) < 2 or not all(isinstance(token, str) for token in value):
        return False
    return not any(re.search(r"\s", token.strip()) for token in value) and sum(map(len, value)) <= 12 * len(value)


def is_tags(values: list[Any]) -> bool:
    """Say whether lists hold tags such as B-PER, not words: those stay."""
    tags = [token for value in values if isinstance(value, list) for token in value]
    return bool(tags) and all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags)


def text_of(leaf: Leaf) -> str:
    """Return a leaf as the text that finders read; tokens of Chinese stand without spaces."""
    return leaf if isinstance(leaf, str) else joined(leaf)[0]


def joined(tokens: list[str]) -> tuple[str, list[int]]:
    """Return tokens as one text, and where each begins."""
    starts, text = [], ""
    for token in tokens:
        gap = " " if text and not (_CJK.match(token[:1] or " ") or _CJK.match(text[-1])) else ""
        starts.append(len(text) + len(gap))
        text += gap + token
    return text, starts


def shared(tokens: list[str], spans: list[Span]) -> list[tuple[Span, list[int]]]:
    """Return for each span the numbers of the tokens that it touches; a token belongs to the first span that does."""
    _, starts = joined(tokens)
    taken: set[int] = set()
    found = []
    for span in spans:
        inside = [
            i for i, s in enumerate(starts) if s < span.end and span.start < s + len(tokens[i]) and i not in taken
        ]
        taken.update(inside)
        if inside:
            found.append((span, inside))
    return found


def dealt(text: str, count: int) -> list[str]:
    """Cut a stand-in into `count` tokens, none of them empty: by words where that fits, else evenly."""
    words = text.split()
    if len(words) == count:
        return words
    if len(words) > count and not _CJK.search(text):
        return [*words[: count - 1], "".join(words[count - 1 :])]
    packed = "".join(words)
    packed += packed[-1:] * max(0, count - len(packed))
    cuts = [round(i * len(packed) / count) for i in range(count + 1)]
    return [packed[a:b] for a, b in itertools.pairwise(cuts)]


def has_text(kind: pa.DataType) -> bool:
    """Say whether cells of an Arrow type can hold text, at whatever depth."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return has_text(kind.value_type)
    if pa.types.is_nested(kind):
        return any(has_text(kind.field(i).type) for i in range(kind.num_fields))
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that changed cells get: categories become texts."""
    import pyarrow as pa

    return pa.string() if pa.types.is_dictionary(kind) or kind == pa.string_view() else kind


def aligned(context: tuple[str, list[tuple[Span, str]]], answers: Any) -> Any:
    """Return answers of a question with texts and starts as the changed context has them.

    `context`: the context as it was and its spans with what replaced them. Answers: {"text": [...], "answer_start": [...]}.
    """
    text, changes = context
    starts, texts = answers["answer_start"], answers["text"]
    new, moved_texts, moved_starts = replaced(text, changes), [], []
    for start, said in zip(starts, texts, strict=True):
        if start is None or start < 0 or said is None or text[start : start + len(said)] != said:
            return None
        first, last = _moved(start, changes, 0), _moved(start + len(said), changes, 1)
        moved_starts.append(first)
        moved_texts.append(new[first:last])
    return {**answers, "text": moved_texts, "answer_start": moved_starts}


def replaced(text: str, changes: list[tuple[Span, str]]) -> str:
    """Return a text with each span replaced."""
    parts, at = [], 0
    for span, new in changes:
        parts += [text[at : span.start], new]
        at = span.end
    return "".join([*parts, text[at:]])


def _moved(position: int, changes: list[tuple[Span, str]], side: int) -> int:
    """Return where a position is after the changes; inside a span it moves to its beginning (side 0) or its end."""
    shift = 0
    for span, new in changes:
        if span.end <= position and not (side == 0 and span.end > position):
            shift += len(new) - (span.end - span.start)
        elif span.start < position:
            return span.start + shift + (len(new) if side else 0)
    return position + shift
