"""Decisions in the cells of tables: the column keeps its type where the new labels allow it. Light."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..rows.labels import label_text
from .shape import TAGS, TOKENS

if TYPE_CHECKING:
    import pyarrow as pa

    from .rows import LabelRows
    from .states import State

Cell = Callable[[Any], Any]


def columns(rows: LabelRows, new: dict[int, State]) -> dict[str, pa.Table]:
    """Return the tables of all splits with the decisions of `new` written into them."""
    if not new:
        return dict(rows.data.splits)
    return _tagged(rows, new) if rows.marked is not None else _plain(rows, new)


def _plain(rows: LabelRows, new: dict[int, State]) -> dict[str, pa.Table]:
    """Write labels. A column of numbers stays one while every new label is such a number, else all become texts."""
    import pyarrow as pa

    shape, tables = rows.shape, rows.data.splits
    kind = next(
        (t.schema.field(shape.label).type for t in tables.values() if shape.label in t.column_names), pa.string()
    )
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    labels = [state["labels"] if "labels" in state else [state["label"]] for state in new.values()]
    if shape.kind == "several":
        between = shape.separator
        write: Cell = (lambda found: between.join(found) or None) if between else (lambda found: found)
        return {s: _put(rows, s, new, kind, lambda state: write(state["labels"]), None) for s in tables}
    cell = _writer(kind, [label for found in labels for label in found])
    convert: Cell | None = None
    if cell is None:
        kind, cell, convert = pa.string(), str, label_text
    return {s: _put(rows, s, new, kind, lambda state: cell(state["label"]), convert) for s in tables}


def _writer(kind: pa.DataType, labels: list[str]) -> Cell | None:
    """Return what turns a label into a value of the column's type; None when some label has no such value."""
    import pyarrow as pa

    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return str
    writers: list[tuple[bool, Cell]] = [
        (pa.types.is_boolean(kind), lambda label: {"true": True, "false": False}[label.lower()]),
        (pa.types.is_integer(kind), int),
        (pa.types.is_floating(kind), float),
    ]
    found = next((write for fits, write in writers if fits), None)
    try:
        pa.array([found(label) for label in labels], kind) if found else None
    except (KeyError, ValueError, OverflowError, pa.ArrowInvalid):
        return None
    return found


def _put(
    rows: LabelRows, split: str, new: dict[int, State], kind: pa.DataType, write: Cell, convert: Cell | None
) -> pa.Table:
    """Return a split's table with new cells in the decided column; `convert` is for the cells that stay."""
    table, start, name = rows.data.splits[split], rows.starts[split], rows.shape.column
    own = {n - start: state for n, state in new.items() if start <= n < start + table.num_rows}
    there = name in table.column_names
    if there and not own and convert is None and table.schema.field(name).type == kind:
        return table
    values = table[name].to_pylist() if there else [None] * table.num_rows
    if convert is not None:
        values = [convert(value) for value in values]
    for row, state in own.items():
        values[row] = write(state)
    return _with(table, name, values, kind)


def _with(table: pa.Table, name: str, values: list[Any], kind: pa.DataType) -> pa.Table:
    import pyarrow as pa

    column = pa.chunked_array([pa.array(values[n : n + 10_000], kind) for n in range(0, len(values), 10_000)], kind)
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), pa.field(name, kind), column)
    return table.append_column(pa.field(name, kind), column)


def _tagged(rows: LabelRows, new: dict[int, State]) -> dict[str, pa.Table]:
    return {split: _tagged_split(rows, split, new) for split in rows.data.splits}


def _tagged_split(rows: LabelRows, split: str, new: dict[int, State]) -> pa.Table:
    """Write tags, or spans; bare texts get a column of tokens, and one of tags that is null where nobody has decided."""
    import pyarrow as pa

    assert rows.marked is not None
    table, start, shape = rows.data.splits[split], rows.starts[split], rows.shape
    there = shape.column in table.column_names
    before = table[shape.column].to_pylist() if there else [None] * table.num_rows
    values = [rows.marked.rewritten(value) for value in before] if there else before
    kind = table.schema.field(shape.column).type if there else pa.list_(pa.string())
    for number, state in new.items():
        if start <= number < start + table.num_rows:
            row = rows.row(table.slice(number - start, 1).to_pylist()[0])
            cell = rows.marked.write(row, state["spans"])
            values[number - start] = json.dumps(cell, ensure_ascii=False) if _is_json(shape.form, kind) else cell
    if shape.form == "text":
        tokens = [rows.row({shape.texts[0]: text}).tokens for text in table[shape.texts[0]].to_pylist()]
        table = _with(table, TOKENS, tokens, pa.list_(pa.string()))
        return _with(table, TAGS, values, pa.list_(pa.string()))
    if shape.form == "lists" and not pa.types.is_string(kind.value_type):
        kind = pa.list_(pa.string())
    return _with(table, shape.column, values, kind)


def _is_json(form: str, kind: pa.DataType) -> bool:
    import pyarrow as pa

    return form == "spans" and bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
