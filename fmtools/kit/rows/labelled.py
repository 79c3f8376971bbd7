"""From rows as they came to (text, label number) rows fit for a classifier: columns, empty rows, labels, splits.

A row has one text or two (`pair`), and one label or, with `multi_label`, any number of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.options import TrainOptions
from .columns import guess_columns, guess_pair
from .labels import check_labels, label_text
from .multi_label import divide, find_separator, is_listed, listed_label
from .split import stratified_split, text_key

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING = ("train", "all")


@dataclass(frozen=True)
class Shape:
    """Where things stand: columns, and how several labels are written ("" = in lists, None = one label a row)."""

    text: str
    label: str
    pair: str | None = None
    separator: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def multi(self) -> bool:
        return self.separator is not None


@dataclass
class Row:
    """One example; `labels` is None where none is given, and may be empty only where rows have several."""

    text: str
    pair: str | None
    labels: list[str] | None
    #: The labels as they stand in the data, spaces and all: spelling is checked on them.
    raw: list[Any]


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" (and "test" where the data have one) with columns text, pair (only for pairs) and
    label: a number, or a list of numbers for several labels a row.

    Raises DataError for unknown columns, for labels that cannot be learned, and for splits without rows.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    shape = _shape(data.splits[first], options)
    notices = list(shape.notices)
    plain = {split: _rows(table, split, shape) for split, table in data.splits.items()}
    learned = plain.pop(first)
    flat = [label for row in learned.all for label in row.raw]
    names, _, said = check_labels(flat, as_they_are=options.labels_as_they_are)
    # check_labels has said how many rows have no label.
    notices += said + learned.blank + [line for rows in plain.values() for line in rows.notices]
    if "validation" not in plain:
        learned, plain["validation"], more = _hold_out(learned, options)
        notices += more
    tables = {"train": learned.numbered(names), **{split: rows.numbered(names) for split, rows in plain.items()}}
    notices += _leaks(learned, plain)
    meta = {
        "labels": names, "text_column": shape.text, "label_column": shape.label, "pair_column": shape.pair,
        "separator": shape.separator, "multi_label": shape.multi, "max_length": options.max_length,
    }  # fmt: skip
    return Prepared({split: table for split, table in tables.items() if table.num_rows}, meta, notices)


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the columns and label numbers of a trained run. Raises DataError for a label it does not know."""
    table = next(iter(data.splits.values()))
    wanted = [name if name in table.column_names else None for name in (meta["text_column"], meta["label_column"])]
    pair = meta.get("pair_column")
    if pair is not None and pair not in table.column_names:
        raise DataError(
            f"The data have no column {pair!r}, the second text this run was trained on.",
            f"They have {', '.join(table.column_names)}.",
        )
    text, label, notices = guess_columns(table, *wanted)
    shape = Shape(text, label, pair, _separator_of(table, label, meta))
    rows = {split: _rows(table, split, shape) for split, table in data.splits.items()}
    notices += [line for part in rows.values() for line in part.notices]
    return Prepared({split: part.numbered(meta["labels"]) for split, part in rows.items()}, meta, notices)


def _separator_of(table: pa.Table, label: str, meta: dict[str, Any]) -> str | None:
    if not meta.get("multi_label"):
        return None
    if is_listed(table, label):
        return ""
    found: str | None = meta.get("separator") or find_separator(table[label].to_pylist(), wanted=True)
    return found


def _shape(table: pa.Table, options: TrainOptions) -> Shape:
    """Find the columns, and whether rows have two texts or several labels; every guess is said."""
    pair = guess_pair(table, options.text_column, options.pair_column)
    label = options.label_column or listed_label(table)
    text, label, notices = guess_columns(table, pair[0] if pair else options.text_column, label)
    if pair:
        notices.append(f"Two texts a row: {pair[0]!r} and {pair[1]!r}.")
    separator: str | None = None
    if options.multi_label is not False:
        wanted = options.multi_label is True
        separator = "" if is_listed(table, label) else find_separator(table[label].to_pylist(), wanted)
    if separator is not None:
        how = "in lists" if not separator else f"divided by {separator!r}"
        notices.append(f"Several labels a row, {how} (--no-multi-label takes each as one label).")
    return Shape(text, label, pair[1] if pair else None, separator, tuple(notices))


class _Rows:
    """The rows of one split; those without text or without label are set aside and counted."""

    def __init__(self, split: str, rows: list[Row], multi: bool) -> None:
        self.split, self.multi = split, multi
        self.all = [row for row in rows if row.text.strip()]
        self.rows = [row for row in self.all if row.labels is not None]
        self.blank = self._left_out(len(rows) - len(self.all), "text")
        self.notices = self.blank + self._left_out(len(self.all) - len(self.rows), "label")

    def _left_out(self, count: int, what: str) -> list[str]:
        where = "" if self.split == "all" else f"{self.split} "
        said = f"1 {where}row without {what} was" if count == 1 else f"{count:,} {where}rows without {what} were"
        return [f"{said} left out."] if count else []

    def take(self, split: str, places: Any) -> _Rows:
        return _Rows(split, [self.rows[int(i)] for i in places], self.multi)

    def text_keys(self) -> list[str]:
        """Return what makes each row's text the same to a reader, both texts of a pair together."""
        return [text_key(row.text if row.pair is None else f"{row.text}\n{row.pair}") for row in self.rows]

    def numbered(self, names: list[str]) -> pa.Table:
        import pyarrow as pa

        from ..reading.arrays import array_of, int_array

        numbers = {name: i for i, name in enumerate(names)}
        found = [row.labels or [] for row in self.rows]
        strange = next((label for labels in found for label in labels if label not in numbers), None)
        if strange is not None:
            raise DataError(
                f"The label {strange!r} in the {self.split} rows is not one of the {len(names)} labels of the training rows.",
                "Correct it, or give rows of that label to the training split too.",
            )
        columns = {"text": array_of([row.text for row in self.rows]).cast(pa.string())}  # an empty list has no type
        if any(row.pair is not None for row in self.rows):
            columns["pair"] = array_of([row.pair or "" for row in self.rows]).cast(pa.string())
        if self.multi:
            columns["label"] = pa.array(
                [[numbers[label] for label in labels] for labels in found], pa.list_(pa.int32())
            )
        else:
            columns["label"] = int_array([numbers[labels[0]] for labels in found]).cast(pa.int32())
        return pa.Table.from_arrays(list(columns.values()), list(columns))


def _rows(table: pa.Table, split: str, shape: Shape) -> _Rows:
    wanted = [name for name in (shape.text, shape.label, shape.pair) if name is not None]
    missing = next((name for name in wanted if name not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
    texts = ["" if value is None else str(value) for value in table[shape.text].to_pylist()]
    pairs: list[Any] = [None] * len(texts)
    if shape.pair is not None:
        pairs = ["" if value is None else str(value) for value in table[shape.pair].to_pylist()]
    given = table[shape.label].to_pylist()
    rows = [_row(*parts, shape.separator) for parts in zip(texts, pairs, given, strict=True)]
    return _Rows(split, rows, shape.multi)


def _row(text: str, pair: str | None, label: Any, separator: str | None) -> Row:
    if separator is not None:
        several = divide(label, separator)
        return Row(text, pair, several, several if several is not None else [None])
    if isinstance(label, list | dict):
        raise DataError(
            "The label column holds lists or objects, not one label a row.", "Choose another: --label-column NAME."
        )
    one = label_text(label)
    return Row(text, pair, None if one is None else [one], [label])


def _hold_out(rows: _Rows, options: TrainOptions) -> tuple[_Rows, _Rows, list[str]]:
    counts = Counter(label for row in rows.rows for label in row.labels or [])
    # With several labels a row counts for its rarest one: it has the fewest chances to be on both sides.
    strata = [min(row.labels or [""], key=lambda label: (counts[label], label)) for row in rows.rows]
    train, held, said = stratified_split(rows.text_keys(), strata, options.validation, options.seed)
    if not len(held):
        raise DataError("No class has two different texts, so nothing can be held out for validation.", "Add rows.")
    said = [f"{len(held):,} of {len(strata):,} rows were held out for validation, by class.", *said]
    return rows.take("train", train), rows.take("validation", held), said


def _leaks(train: _Rows, others: dict[str, _Rows]) -> list[str]:
    known = set(train.text_keys())
    counts = {split: sum(key in known for key in rows.text_keys()) for split, rows in others.items()}
    return [
        f"{n:,} {split} texts also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]
