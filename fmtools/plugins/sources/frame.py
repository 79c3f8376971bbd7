"""Tables that already are in the notebook: pandas, Arrow, polars, datasets, lists of dicts, dicts of columns.

Their libraries are recognised by the module names of the object's classes; none is imported to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.cache import let_go
from fmtools.kit.reading.hub_tables import rows_of
from fmtools.kit.reading.tables import SPLIT_NAMES, SPLIT_ORDER, Rows, account, counted, dataset_of, plain, table_of
from fmtools.kit.rows.chats import form_of

if TYPE_CHECKING:
    import pyarrow as pa


class FrameSource:
    """Reads objects that are tables, and dicts of them by split name."""

    name = "frame"
    summary = (
        "A notebook variable: pandas or polars DataFrame, Arrow table, datasets.Dataset, list of dicts, dict of columns"
    )
    names: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()

    def accepts(self, reference: Any) -> bool:
        return _is_splits(reference) or _reader(reference) is not None

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Copy the table to Arrow. Raises DataError for what is no table, and for a table without rows."""
        kind = f"{type(reference).__module__.split('.')[0]}.{type(reference).__name__}".removeprefix("builtins.")
        origin = f"a notebook variable ({kind})"
        if _is_splits(reference):
            return _load_splits(reference, origin)
        rows = _rows(reference)
        data = dataset_of("frame", rows, origin)
        let_go(rows)
        return data


def _rows(reference: Any) -> Rows:
    reader = _reader(reference)
    if reader is rows_of:
        return rows_of(reference)
    if reader is None:
        raise DataError(
            f"An object of type {type(reference).__name__} is no table.",
            "Pass a DataFrame, an Arrow table, a datasets.Dataset, a list of dicts or a dict of columns.",
        )
    import pyarrow as pa

    notices: list[str] = []
    task = ""
    if reader is _from_dicts and (form := form_of(reference)) is not None:
        changed = [form.convert(row) for row in reference]
        if None not in changed:  # a notebook's rows are not dropped: they stay as they are
            reference, task = changed, form.task
            notices += [f"frame: {form.said}."] if form.said else []
    try:
        table = plain(reader(reference, notices))
        table.validate(full=True)  # Arrow takes bytes beside texts in a list without a look whether they are text
    except (pa.ArrowException, UnicodeEncodeError) as error:
        why = str(error).split("\n")[0].rstrip(".")
        kind = type(reference).__name__
        raise DataError(
            f"The {kind} cannot be turned into an Arrow table: {why}.", "Drop or convert that column."
        ) from None
    return Rows(table, table.num_rows, {}, notices, task=task)


def _load_splits(reference: Any, origin: str) -> Dataset:
    data = Dataset("frame", {}, origin)
    known = {SPLIT_NAMES.get(str(name).lower(), str(name)): table for name, table in reference.items()}
    for name in sorted(known, key=lambda name: (SPLIT_ORDER.index(name) if name in SPLIT_ORDER else 9, name)):
        rows = _rows(known[name])
        data.splits[name] = rows.table
        account(data, rows)
        let_go(rows)
    if not sum(data.rows.values()):
        raise DataError("The table has no rows.", "Pass one with rows.")
    data.notices.append(f"Splits: {counted(data.rows)}.")
    return data


def _roots(value: Any) -> set[str]:
    """Return the top packages of an object's classes: {"pandas", "builtins"}."""
    return {cls.__module__.split(".")[0] for cls in type(value).__mro__}


def _is_splits(value: Any) -> bool:
    """Say whether `value` maps split names to tables (a DatasetDict does)."""
    if not isinstance(value, dict) or not value or not all(isinstance(name, str) for name in value):
        return False
    if "datasets" in _roots(value):
        return True
    known = all(name.lower() in SPLIT_NAMES for name in value)
    return known and all(_reader(table) is not None for table in value.values())


def _reader(value: Any) -> Any:
    """Return the function that turns `value` into an Arrow table, or None."""
    roots = _roots(value)
    if "datasets" in roots and not isinstance(value, dict):
        return rows_of
    if "pandas" in roots and hasattr(value, "columns"):
        return _from_pandas
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return _from_dicts
    if isinstance(value, list) and value and all(isinstance(row, tuple | list) and len(row) == 2 for row in value):
        return _from_pairs
    if isinstance(value, dict) and value and all(map(_is_column, value.values())):
        return _from_columns
    if "pyarrow" in roots and hasattr(value, "column_names"):
        return _from_arrow
    if type(value).__name__ == "Series":  # one column has the stream interface, too
        return None
    if "polars" in roots and hasattr(value, "collect"):
        return _from_lazy
    if hasattr(value, "__arrow_c_stream__") or (hasattr(value, "to_arrow") and hasattr(value, "columns")):
        return _from_stream
    return None


def _is_column(value: Any) -> bool:
    """Say whether a value is a column: a list, or a series or one-dimensional array of whichever library."""
    return isinstance(value, list | tuple) or (hasattr(value, "tolist") and len(getattr(value, "shape", ())) == 1)


def _from_pandas(frame: Any, notices: list[str]) -> pa.Table:
    """Column by column: a column of mixed kinds becomes text instead of an error; NaN and None are null."""
    import pyarrow as pa

    if len(set(map(str, frame.columns))) < len(frame.columns):
        raise DataError("Two columns of the frame have the same name.", "Give every column its own name.")
    columns: dict[str, Any] = {}
    for place, name in enumerate(frame.columns):
        series = frame.iloc[:, place]
        try:
            columns[str(name)] = pa.Array.from_pandas(series)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
            values = series.astype(object).where(series.notna(), None).tolist()
            columns[str(name)] = table_of({str(name): values}, "frame", notices)[0]
    return pa.table(columns)


def _from_dicts(rows: list[dict[Any, Any]], notices: list[str]) -> pa.Table:
    keys = dict.fromkeys(key for row in rows for key in row)
    return table_of({str(key): [row.get(key) for row in rows] for key in keys}, "frame", notices)


def _from_pairs(rows: list[Any], notices: list[str]) -> pa.Table:
    notices.append("Pairs are read as (text, label).")
    return table_of({"text": [row[0] for row in rows], "label": [row[1] for row in rows]}, "frame", notices)


def _from_columns(columns: dict[Any, Any], notices: list[str]) -> pa.Table:
    lengths = {str(name): len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} {length:,}" for name, length in lengths.items())
        raise DataError(f"The columns differ in length: {said}.", "Make them equally long.")
    values = {
        str(name): list(column) if isinstance(column, list | tuple) else column.tolist()
        for name, column in columns.items()
    }
    return table_of(values, "frame", notices)


def _from_lazy(frame: Any, notices: list[str]) -> pa.Table:
    return _from_stream(frame.collect(), notices)


def _from_arrow(table: Any, notices: list[str]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table


def _from_stream(value: Any, notices: list[str]) -> pa.Table:
    import pyarrow as pa

    if hasattr(value, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(value).read_all()
    return value.to_arrow()
