"""Which columns hold tagged sentences, and in which of three forms: lists of tokens and tags, the same as texts with
blanks between, or texts with marked spans. Every guess is said aloud. Light: the kernel imports it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...core.errors import DataError
from .columns import TEXT_NAMES, given_column, guess_text_column, listed_columns

if TYPE_CHECKING:
    import pyarrow as pa

TOKEN_NAMES = ("tokens", "words", "token", "word", "chars", "characters", "词", "字")
TAG_NAMES = (
    "ner_tags",
    "ner",
    "tags",
    "tag",
    "labels",
    "label",
    "iob",
    "bio",
    "pos_tags",
    "pos",
    "upos",
    "xpos",
    "标签",
)
SPAN_NAMES = ("entities", "spans", "ents", "annotations", "ner", "label", "labels", "实体")

Form = Literal["lists", "blanks", "spans"]


@dataclass(frozen=True)
class Columns:
    """The column with tokens or text, the one with tags or spans ("" where none is needed), and their form."""

    text: str
    tags: str
    form: Form


def find(table: pa.Table, text: str | None = None, tags: str | None = None) -> tuple[Columns, list[str]]:
    """Return the columns of a table and what to say about the guess.

    Raises DataError, listing the columns, when there are none that fit or none of a name given.
    """
    text, tags = given_column(table, text), given_column(table, tags)
    lists = [name for name in table.column_names if _is_list_of_plain(table, name)]
    found = _lists(table, lists, text, tags) or _spans(table, text, tags) or _blanks(table, text, tags)
    if found is None:
        raise DataError(
            f"No columns hold tagged sentences; the columns are {listed_columns(table)}.",
            "Give tokens and tags as lists of equal length, or texts with entities [{start, end, label}]; "
            "name them with --text-column and --label-column.",
        )
    guessed = [
        f"{what} column: {name!r} (guessed)"
        for what, name, asked in (("token" if found.form != "spans" else "text", found.text, text),
                                  ("tag" if found.form != "spans" else "entity", found.tags, tags))
        if asked is None and (len(lists) > 2 or name.lower() not in (*TOKEN_NAMES, *TAG_NAMES, *SPAN_NAMES, *TEXT_NAMES))
    ]  # fmt: skip
    said = ", ".join(guessed)
    return found, [said[0].upper() + said[1:] + "."] if said else []


def find_text(table: pa.Table, text: str | None = None) -> tuple[Columns, list[str]]:
    """Return the column of tokens or text where no tags are needed, as in prediction. Errors as in `find`."""
    text = given_column(table, text)
    lists = [name for name in table.column_names if _is_list_of_plain(table, name)]
    name = text or _best(lists, TOKEN_NAMES) or (lists[0] if len(lists) == 1 else None)
    if name in lists:
        return Columns(str(name), "", "lists"), []
    name, notices = guess_text_column(table, text)
    return Columns(name, "", "spans"), notices


def _lists(table: pa.Table, lists: list[str], text: str | None, tags: str | None) -> Columns | None:
    if (text is not None and text not in lists) or (tags is not None and tags not in lists):
        return None
    rest = [name for name in lists if name != text]
    tags = tags or _best([n for n in rest if n.lower() not in TOKEN_NAMES], TAG_NAMES)
    text = text or _best([n for n in lists if n != tags and _is_list_of_text(table, n)], TOKEN_NAMES, TEXT_NAMES)
    if text is None and tags is None and len(lists) == 2:
        text, tags = lists
    others = [name for name in lists if name not in (text, tags)]
    if text is None and len(others) == 1:
        text = others[0]
    if tags is None and len(others) == 1:
        tags = others[0]
    return Columns(text, tags, "lists") if text and tags and text != tags else None


def _spans(table: pa.Table, text: str | None, tags: str | None) -> Columns | None:
    names = [tags] if tags is not None else [n for n in table.column_names if n.lower() in SPAN_NAMES]
    tags = next((name for name in names if _holds_spans(table, name)), None)
    if tags is None:
        return None
    if text is None:
        text, _ = guess_text_column(table.drop_columns([tags]))
    return Columns(text, tags, "spans")


def _blanks(table: pa.Table, text: str | None, tags: str | None) -> Columns | None:
    """Texts like "John lives in Paris" beside "B-PER O O B-LOC": as many parts in the first rows."""
    texts = [name for name in table.column_names if _is_text(table, name)]
    tags = tags if tags is not None else _best([n for n in texts if n != text], TAG_NAMES)
    text = text if text is not None else _best([n for n in texts if n != tags], TOKEN_NAMES, TEXT_NAMES)
    if text is None or tags is None or text == tags or not {text, tags} <= set(texts):
        return None
    pairs = list(zip(_first(table, text), _first(table, tags), strict=True))
    parts = [(len(parts_of(a)), len(parts_of(b))) for a, b in pairs if a and b]
    equal = sum(a == b for a, b in parts)
    return Columns(text, tags, "blanks") if parts and equal > 0.5 * len(parts) and max(parts)[0] > 1 else None


def parts_of(value: Any) -> list[str]:
    """Return the tokens or tags in a text: parts between blanks, or a list as Python and JSON write it."""
    text = str(value).strip()
    if text[:1] == "[" and text[-1:] == "]":
        inner = read_json(text)
        if isinstance(inner, list):
            return [str(part) for part in inner]
    return text.split()


def read_json(text: str) -> Any:
    """Return what a text holds as JSON, or as Python writes lists; None when it is neither."""
    import ast

    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _first(table: pa.Table, name: str, rows: int = 50) -> list[Any]:
    values: list[Any] = table[name].slice(0, rows).to_pylist()
    return values


def _holds_spans(table: pa.Table, name: str) -> bool:
    """Say whether a column holds lists of spans: objects with start and end, or [start, end, label]."""
    import pyarrow as pa

    kind = table[name].type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.types.is_struct(kind.value_type) or pa.types.is_list(kind.value_type)
    values = [value for value in _first(table, name) if isinstance(value, str) and value.strip()]
    found = [read_json(value) for value in values if value.lstrip()[:1] == "["]
    nested = [
        value for value in found if isinstance(value, list) and all(isinstance(v, dict | list | tuple) for v in value)
    ]
    return bool(values) and len(nested) == len(values) and any(nested)


def _is_list_of_plain(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    kind = table[name].type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    return bool(_text_type(inner) or pa.types.is_integer(inner) or pa.types.is_dictionary(inner))


def _is_list_of_text(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    inner = table[name].type.value_type
    return bool(_text_type(inner) or pa.types.is_dictionary(inner))


def _text_type(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view")


def _is_text(table: pa.Table, name: str) -> bool:
    return _text_type(table[name].type)


def _best(names: list[str], *known: tuple[str, ...]) -> str | None:
    """Return the name that stands first in the lists of known ones, if any does."""
    by_case = {name.lower(): name for name in reversed(names)}
    return next((by_case[word] for words in known for word in words if word in by_case), None)
