"""From rows as they came to (text, label number) rows fit for a classifier: columns, empty rows, labels, splits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset, Prepared
from ..core.errors import DataError
from ..core.options import TrainOptions
from .columns import guess_columns
from .labels import check_labels, label_text
from .split import stratified_split, text_key

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING = ("train", "all")


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" (and "test" where the data have one) with columns text and label (a number).

    Raises DataError for unknown columns, for labels that cannot be learned, and for splits without rows.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    text, label, notices = guess_columns(data.splits[first], options.text_column, options.label_column)
    plain = {split: _rows(table, split, text, label) for split, table in data.splits.items()}
    learned = plain.pop(first)
    names, _, said = check_labels([row[1] for row in learned.all], as_they_are=options.labels_as_they_are)
    # check_labels has said how many rows have no label.
    notices += said + learned.blank + [line for rows in plain.values() for line in rows.notices]
    if "validation" not in plain:
        learned, plain["validation"], more = _hold_out(learned, options)
        notices += more
    tables = {"train": learned.numbered(names), **{split: rows.numbered(names) for split, rows in plain.items()}}
    notices += _leaks(learned, plain)
    meta = {"labels": names, "text_column": text, "label_column": label, "max_length": options.max_length}
    return Prepared({split: table for split, table in tables.items() if table.num_rows}, meta, notices)


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the columns and label numbers of a trained run. Raises DataError for a label it does not know."""
    table = next(iter(data.splits.values()))
    wanted = [name if name in table.column_names else None for name in (meta["text_column"], meta["label_column"])]
    text, label, notices = guess_columns(table, *wanted)
    rows = {split: _rows(table, split, text, label) for split, table in data.splits.items()}
    notices += [line for part in rows.values() for line in part.notices]
    return Prepared({split: part.numbered(meta["labels"]) for split, part in rows.items()}, meta, notices)


class _Rows:
    """(text, label) pairs of one split; rows without text or without label are set aside and counted."""

    def __init__(self, split: str, pairs: list[tuple[Any, Any]]) -> None:
        self.split = split
        self.all = [(text, label) for text, label in pairs if isinstance(text, str) and text.strip()]
        self.pairs = [(text, name) for text, label in self.all if (name := label_text(label)) is not None]
        self.blank = self._left_out(len(pairs) - len(self.all), "text")
        self.notices = self.blank + self._left_out(len(self.all) - len(self.pairs), "label")

    def _left_out(self, count: int, what: str) -> list[str]:
        where = "" if self.split == "all" else f"{self.split} "
        said = f"1 {where}row without {what} was" if count == 1 else f"{count:,} {where}rows without {what} were"
        return [f"{said} left out."] if count else []

    def take(self, split: str, places: Any) -> _Rows:
        return _Rows(split, [self.pairs[int(i)] for i in places])

    def numbered(self, names: list[str]) -> pa.Table:
        import pyarrow as pa

        from .arrays import array_of, int_array

        numbers = {name: i for i, name in enumerate(names)}
        strange = next((label for _, label in self.pairs if label not in numbers), None)
        if strange is not None:
            raise DataError(
                f"The label {strange!r} in the {self.split} rows is not one of the {len(names)} labels of the training rows.",
                "Correct it, or give rows of that label to the training split too.",
            )
        texts = array_of([text for text, _ in self.pairs]).cast(pa.string())  # an empty list has no type of its own
        labels = int_array([numbers[label] for _, label in self.pairs]).cast(pa.int32())
        return pa.Table.from_arrays([texts, labels], ["text", "label"])


def _rows(table: pa.Table, split: str, text: str, label: str) -> _Rows:
    missing = next((name for name in (text, label) if name not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
    texts = [value if value is None else str(value) for value in table[text].to_pylist()]
    return _Rows(split, list(zip(texts, table[label].to_pylist(), strict=True)))


def _hold_out(rows: _Rows, options: TrainOptions) -> tuple[_Rows, _Rows, list[str]]:
    texts, labels = [text for text, _ in rows.pairs], [label for _, label in rows.pairs]
    train, held, said = stratified_split(texts, labels, options.validation, options.seed)
    if not len(held):
        raise DataError("No class has two different texts, so nothing can be held out for validation.", "Add rows.")
    said = [f"{len(held):,} of {len(texts):,} rows were held out for validation, by class.", *said]
    return rows.take("train", train), rows.take("validation", held), said


def _leaks(train: _Rows, others: dict[str, _Rows]) -> list[str]:
    known = {text_key(text) for text, _ in train.pairs}
    counts = {split: sum(text_key(text) in known for text, _ in rows.pairs) for split, rows in others.items()}
    return [
        f"{n:,} {split} texts also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]
