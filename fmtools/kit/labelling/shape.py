"""What there is to label in data: which columns hold the text, the label or the tags, and in which form. Light."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ...core.contracts import Dataset
from ...core.errors import DataError
from ..rows.columns import guess_columns, guess_pair, guess_text_column
from ..rows.multi_label import divide, find_separator, is_listed, listed_label
from ..rows.tag_columns import Columns, find, find_text
from ..rows.texts import layout_of

if TYPE_CHECKING:
    import pyarrow as pa

TASKS = ("text-classification", "token-classification")
#: Columns that labelling adds where there are none.
LABEL, TOKENS, TAGS = "label", "tokens", "tags"
Kind = Literal["one", "several", "spans"]


@dataclass(frozen=True)
class LabelShape:
    """Where things stand. `label` is "" while no column holds labels; `separator` divides several labels in one cell ("" =
    they are in lists). `form` is that of tagged rows (kit.rows.tag_columns), "text" for bare texts that shall get tags.
    """

    kind: Kind
    texts: tuple[str, ...]
    label: str
    separator: str | None = None
    form: str = ""
    notices: tuple[str, ...] = field(default=())

    @property
    def task(self) -> str:
        return TASKS[1] if self.kind == "spans" else TASKS[0]

    @property
    def column(self) -> str:
        """The column that decisions are written to."""
        return self.label or (TAGS if self.kind == "spans" else LABEL)


def shape_of(data: Dataset, task: str | None, text: str | None, pair: str | None, label: str | None) -> LabelShape:
    """Find out what is to be labelled; columns that are given are taken. Raises DataError when nothing can be."""
    table = next((t for t in data.splits.values() if t.num_rows), None)
    if table is None:
        raise DataError("The data have no rows.", "Name others.")
    if task == TASKS[1] or (task is None and _is_tagged(data, table, label)):
        return _tagged(table, text, label)
    return _plain(table, text, pair, label)


def _is_tagged(data: Dataset, table: pa.Table, label: str | None) -> bool:
    if data.task == TASKS[1] or layout_of(data).kind == "tokens":
        return True
    try:
        found, _ = find(table, None, label)
    except DataError:
        return False
    return found.form == "spans"


def _tagged(table: pa.Table, text: str | None, label: str | None) -> LabelShape:
    columns: Columns
    try:
        columns, notices = find(table, text, label)
        return LabelShape("spans", (columns.text,), columns.tags, None, columns.form, tuple(notices))
    except DataError:
        if label is not None:
            raise
    columns, notices = find_text(table, text)
    form = "lists" if columns.form == "lists" else "text"
    return LabelShape("spans", (columns.text,), "", None, form, tuple(notices))


def _plain(table: pa.Table, text: str | None, pair: str | None, label: str | None) -> LabelShape:
    both = guess_pair(table, text, pair)
    label = label or listed_label(table)
    try:
        first, column, notices = guess_columns(table, both[0] if both else text, label)
    except DataError:
        if label is not None:
            raise
        first, notices = guess_text_column(table, both[0] if both else text)
        column = ""
    texts = both or (first,)
    if not column:
        return LabelShape("one", texts, "", None, "", (*notices, f"No column holds labels yet: they go to {LABEL!r}."))
    separator = "" if is_listed(table, column) else find_separator(table[column].to_pylist(), wanted=False)
    kind: Kind = "one" if separator is None else "several"
    return LabelShape(kind, texts, column, separator, "", tuple(notices))


def labels_of(value: Any, shape: LabelShape) -> list[str]:
    """Return the labels of a cell of the label column; [] where there is none."""
    if shape.kind == "several":
        return divide(value, shape.separator or "") or []
    from ..rows.labels import label_text

    if isinstance(value, list | dict):
        raise DataError(
            "The label column holds lists or objects, not one label a row.", "Choose another: --label-column NAME."
        )
    text = label_text(value)
    return [] if text is None else [text]
