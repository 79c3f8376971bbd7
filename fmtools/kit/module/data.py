"""From rows as they came to rows for a user's own module: the columns that it asks for, labels as numbers, a split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.modules import is_module
from ...core.options import TrainOptions
from ..rows.labelled import TRAINING
from ..rows.labels import label_text, natural
from ..rows.split import divide, text_key
from .columns import Fit, fit

if TYPE_CHECKING:
    import pyarrow as pa

#: Whole numbers with more different values than this are amounts, not classes.
MOST_CLASSES = 100
MIN_ROWS = 4
CLASSES, NUMBER = "classes", "number"


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" with the columns that forward asks for, and the label.

    meta: {"fit": Fit, "labels": names of classes or None, "label_kind": "classes", "number" or "", "max_length"}.
    Raises DataError for arguments that no column fits, and for values that are not of their column's kind.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    module = options.model if is_module(options.model) else None
    found, notices = fit(data.splits[first], module, options)
    meta: dict[str, Any] = {"fit": found.to_json(), "max_length": options.max_length}
    meta["label_kind"], meta["labels"], said = _classes(data.splits[first], found)
    notices += said
    tables = {"train" if s == first else s: _rows(t, s, found, meta, notices) for s, t in data.splits.items()}
    if tables["train"].num_rows < MIN_ROWS:
        raise DataError(
            f"Only {tables['train'].num_rows} rows can be used; at least {MIN_ROWS} are needed.", "Add rows."
        )
    if "validation" not in tables or not tables["validation"].num_rows:
        tables["train"], tables["validation"], said = _hold_out(tables["train"], found, meta, options)
        notices += said
    return Prepared({name: table for name, table in tables.items() if table.num_rows}, meta, notices)


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the columns and label numbers of a trained run. Raises DataError for what is missing or unknown."""
    notices: list[str] = []
    tables = {name: _rows(t, name, Fit(**meta["fit"]), meta, notices) for name, t in data.splits.items()}
    return Prepared({name: table for name, table in tables.items() if table.num_rows}, meta, notices)


def _classes(table: pa.Table, found: Fit) -> tuple[str, list[str] | None, list[str]]:
    """Return (the label's kind, the classes' names, what was decided). Numbers that forward gets are never renumbered."""
    if not found.label:
        return "", None, []
    kind = found.kinds[found.label]
    values = [value for value in table[found.label].to_pylist() if value is not None]
    if kind == "float":
        return NUMBER, None, [f"The label {found.label!r} is a number."]
    if kind in ("list", "other"):
        return "", None, [f"The label {found.label!r} is handed to forward as it is."]
    names = sorted({text for value in values if (text := label_text(value)) is not None}, key=natural)
    whole = kind == "int"
    counted = names == [str(number) for number in range(len(names))]
    if whole and (len(names) > min(MOST_CLASSES, len(values) / 2) or (found.label_argument and not counted)):
        return NUMBER, None, [f"The label {found.label!r} is a number."]
    if len(names) < 2:
        raise DataError(f"All rows have the same {found.label!r}.", "Training needs two classes or more.")
    shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    return CLASSES, names, [f"The label {found.label!r} has {len(names)} classes: {shown} = 0 to {len(names) - 1}."]


def _rows(table: pa.Table, split: str, found: Fit, meta: dict[str, Any], notices: list[str]) -> pa.Table:
    """Return the columns that are needed, in their kinds; rows with gaps are left out and counted."""
    import pyarrow as pa

    missing = next((name for name in found.columns if name not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
    columns = {name: values(table, name, found, meta, split) for name in found.columns}
    whole = [row for row in range(table.num_rows) if all(cells[row] is not None for cells in columns.values())]
    if len(whole) < table.num_rows:
        where = "" if split == "all" else f"{split} "
        notices.append(f"{table.num_rows - len(whole):,} {where}rows with gaps were left out.")
    arrays = [_array([cells[i] for i in whole], table[name].type) for name, cells in columns.items()]
    return pa.Table.from_arrays(arrays, list(columns)) if columns else table


def _array(values: list[Any], kind: Any) -> pa.Array:
    """Return the values as Arrow; lists keep their type, so that whole numbers in them stay whole."""
    import pyarrow as pa

    return pa.array(values, kind if pa.types.is_nested(kind) else None)


def values(table: pa.Table, name: str, found: Fit, meta: dict[str, Any], split: str) -> list[Any]:
    """Return a column's values in its kind, gaps as None. Raises DataError with the row for a value that is not of it."""
    cells = table[name].to_pylist()
    if name == found.label and meta["labels"]:
        return _numbered(cells, name, meta["labels"], split)
    kind = found.kinds[name]
    if kind not in ("int", "float", "bool"):
        return [None if value is None else value if kind == "list" else str(value) for value in cells]
    return [_number(value, name, split, row, kind == "float") for row, value in enumerate(cells)]


def _number(value: Any, name: str, split: str, row: int, real: bool) -> float | int | None:
    """Return a cell as a number; None for a gap. Raises DataError with the row for anything else."""
    if value is None or value == "" or value != value:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        shown = str(value)[:40]
        raise DataError(f"Column {name!r} has {shown!r} in {split} row {row + 1}, which is no number.", "") from None
    if real:
        return number
    return int(number) if number.is_integer() else number


def _numbered(values: list[Any], name: str, labels: list[str], split: str) -> list[int | None]:
    numbers = {label: number for number, label in enumerate(labels)}
    texts = [label_text(value) for value in values]
    strange = next((text for text in texts if text is not None and text not in numbers), None)
    if strange is not None:
        raise DataError(
            f"{name!r} is {strange!r} in the {split} rows, which is not one of the {len(labels)} classes of the training rows.",
            "Correct it, or give rows of that class to the training split too.",
        )
    return [None if text is None else numbers[text] for text in texts]


def _hold_out(
    table: pa.Table, found: Fit, meta: dict[str, Any], options: TrainOptions
) -> tuple[pa.Table, pa.Table, list[str]]:
    """Hold rows out, by class where there are classes; equal rows stay on one side."""
    import pyarrow as pa

    rows = table.to_pylist()
    keys = [[text_key(row[found.text]) if found.text else repr({**row, found.label: ""})] for row in rows]
    strata = [str(row[found.label]) if meta["labels"] else "" for row in rows]
    sides, said = divide(keys, strata, {"validation": options.validation}, options.seed)
    held = [place for place, side in enumerate(sides) if side == "validation"]
    if not held or len(held) == len(rows):
        raise DataError("The rows are all alike, so nothing can be held out for validation.", "Add rows.")
    rest = [place for place, side in enumerate(sides) if side == "train"]
    how = ", by class" if meta["labels"] else ""
    said = [f"{len(held):,} of {len(rows):,} rows were held out for validation{how}.", *said]
    return table.take(pa.array(rest)), table.take(pa.array(held)), said
