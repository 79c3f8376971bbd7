"""What the text of a row is, whatever shape the row has: a text, tokens with tags, messages, question and context, a pair.

Profiles, recipes and comparisons ask here, so that they agree on what a row says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...core.contracts import Dataset
from ...core.errors import DataError
from ...core.options.steps import AUGMENTED_FROM, AUGMENTED_WITH, ROW_ID
from .columns import guess_columns, guess_text_column

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["text", "tokens", "messages", "question", "pair", "none"]
#: Rows that are turned into Python objects at once.
BATCH = 10_000
TOKENS, TAGS = ("tokens", "words", "token"), ("ner_tags", "tags", "ner", "labels", "tag", "pos_tags", "pos")
MESSAGES = ("messages", "conversations", "conversation", "dialogue", "turns")
#: Columns that are two sides of one row.
PAIRS = (
    ("source", "target"), ("question", "answer"), ("prompt", "response"), ("prompt", "completion"), ("instruction", "output"),
    ("chosen", "rejected"), ("premise", "hypothesis"), ("sentence1", "sentence2"), ("text1", "text2"), ("article", "highlights"),
    ("document", "summary"), ("text", "summary"),
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Where a table's text and label are. `columns` hold the text, the first one the text that steps look at."""

    kind: Kind
    columns: tuple[str, ...] = ()
    label: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        return self.columns[0] if self.columns else None


def layout_of(data: Dataset) -> Layout:
    """Find out what the rows of a data set are; a table without any text has the kind "none"."""
    names = ("train", "all", *data.splits)
    first = next(
        data.splits[name] for name in names if (name in data.splits and data.splits[name].num_rows) or name == names[-1]
    )
    return layout(first)


def layout(table: pa.Table) -> Layout:
    """Find out what the rows of a table are."""
    import pyarrow as pa

    types = {
        field.name: field.type for field in table.schema if field.name not in (ROW_ID, AUGMENTED_FROM, AUGMENTED_WITH)
    }
    lists = {
        name: kind.value_type for name, kind in types.items() if pa.types.is_list(kind) or pa.types.is_large_list(kind)
    }
    tokens = next((name for name in TOKENS if name in lists and _is_text(lists[name])), None)
    if tokens:
        tags = next((name for name in TAGS if name in lists), None)
        return Layout("tokens", (tokens,), tags)
    messages = [name for name, kind in lists.items() if pa.types.is_struct(kind) and _content(kind)]
    if messages:
        return Layout("messages", (next((name for name in MESSAGES if name in messages), messages[0]),))
    texts = {name for name, kind in types.items() if _is_text(kind)}
    if {"question", "context"} <= texts:
        return Layout("question", ("question", "context"))
    pair = next((pair for pair in PAIRS if set(pair) <= texts), None)
    return _pair(table, pair) if pair else _plain(table)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _content(kind: Any) -> str:
    names = {kind.field(place).name for place in range(kind.num_fields)}
    return next((name for name in ("content", "value", "text") if name in names), "")


def _pair(table: pa.Table, pair: tuple[str, str]) -> Layout:
    from .columns import guess_label, profile

    if pair[0] not in ("premise", "sentence1", "text1"):
        return Layout("pair", pair)
    try:
        rest = [name for name in table.column_names if name not in pair]
        return Layout("pair", pair, guess_label([profile(table, name) for name in rest], set(), table)[0])
    except DataError:
        return Layout("pair", pair)


def _plain(table: pa.Table) -> Layout:
    """One text column, and a label where one can be guessed; a card shows what there is when they cannot."""
    own = [name for name in table.column_names if name not in (ROW_ID, AUGMENTED_FROM, AUGMENTED_WITH)]
    seen = table.select(own)
    try:
        text, label, notices = guess_columns(seen)
        return Layout("text", (text,), label, tuple(notices))
    except DataError as error:
        try:
            text, notices = guess_text_column(seen)
            return Layout("text", (text,), None, (*notices, str(error)))
        except DataError:
            return Layout("none", (), None, (str(error),))


def batches(table: pa.Table, columns: tuple[str, ...] | list[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows as Python objects, BATCH at a time, with those of `columns` that the table has."""
    there = table.select([name for name in columns if name in table.column_names])
    for start in range(0, table.num_rows, BATCH):
        part = there.slice(start, BATCH)
        yield part.to_pylist() if part.num_columns else [{} for _ in range(part.num_rows)]


def texts_of(table: pa.Table, shape: Layout) -> Iterator[str]:
    """Yield the text of each row, in order: the parts of it one a line; "" where there is none."""
    say = speaker(shape)
    for rows in batches(table, shape.columns):
        yield from map(say, rows)


def speaker(shape: Layout) -> Callable[[dict[str, Any]], str]:
    """Return the function that says what a row's text is."""
    if shape.kind == "tokens":
        return lambda row: " ".join(str(token) for token in row.get(shape.columns[0]) or ())
    if shape.kind == "messages":
        return lambda row: "\n".join(_said(message) for message in row.get(shape.columns[0]) or ())
    return lambda row: "\n".join(str(row[name]) for name in shape.columns if row.get(name) is not None)


def _said(message: Any) -> str:
    if not isinstance(message, dict):
        return str(message)
    return str(next((message[name] for name in ("content", "value", "text") if message.get(name) is not None), ""))


def texts(data: Dataset, column: str | None = None) -> list[str]:
    """Return the texts of all splits, in order; a missing text is an empty one, so that answers line up with rows."""
    found: list[str] = []
    for table in data.splits.values():
        name, _ = guess_text_column(table, column)
        found += ["" if value is None else str(value) for value in table[name].to_pylist()]
    return found
