"""Which columns of a table are looked into, and how: texts, nested texts, and numbers that are phone or card numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cells import Leaf, has_text, is_tags, plain_type, visit
from .hints import hint_of
from .patterns import FINDERS
from .spans import Span

if TYPE_CHECKING:
    import pyarrow as pa

#: Cells that decide what a column of numbers is; so many of them must have the form of one kind.
LOOKED, SHARE = 500, 0.8
NUMBERS = ("phone", "id", "bank")


@dataclass(frozen=True)
class Plan:
    """One column to look into. `type`: its Arrow type afterwards. `number`: its cells are numbers, read as digits.

    `context` and `answers`: the column of a question's context, and that of answers which point into it.
    """

    name: str
    field: pa.Field
    type: pa.DataType
    hint: str = ""
    number: bool = False
    context: bool = False
    answers: bool = False

    def values(self, batch: pa.RecordBatch) -> list[Any]:
        """Return the column's cells of a batch as Python values; whole numbers as their digits."""
        values: list[Any] = batch.column(batch.schema.get_field_index(self.name)).to_pylist()
        return [digits_of(value) for value in values] if self.number else values


def plans(table: pa.Table) -> list[Plan]:
    """Return a plan for every column that may hold personal data; tags such as B-PER are none."""
    import pyarrow as pa

    found = []
    pointing = {f.name for f in table.schema if _points(f.type)} if "context" in table.column_names else set()
    for i, part in enumerate(table.schema):
        hint = hint_of(part.name)
        if has_text(part.type):
            if pa.types.is_list(part.type) and is_tags(table.column(i).slice(0, LOOKED).to_pylist()):
                continue
            found.append(
                Plan(
                    part.name,
                    part,
                    plain_type(part.type),
                    hint,
                    False,
                    bool(pointing) and part.name == "context",
                    part.name in pointing,
                )
            )
        elif _digits(part.type) and _numbers(table.column(i).slice(0, LOOKED).to_pylist(), hint):
            found.append(Plan(part.name, part, pa.string(), hint or "phone?", True))
    return found


def texts(value: Any) -> Iterator[Leaf]:
    """Yield the texts and token lists in a cell, in the order in which `visit` comes by them."""
    found: list[Leaf] = []

    def note(leaf: Leaf, place: str) -> Leaf:
        del place
        found.append(leaf)
        return leaf

    visit(value, note)
    yield from found


def digits_of(value: Any) -> Any:
    """Return a whole number as its digits: 13812345678.0, too. Anything else stays."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    whole = isinstance(value, float) and value == value and abs(value) < 2**63 and value == int(value)
    return str(int(value)) if whole else str(value) if isinstance(value, float) else value


def _points(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind)) and {"text", "answer_start"} <= {
        kind.field(i).name for i in range(kind.num_fields)
    }


def _digits(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _numbers(values: list[Any], hint: str) -> bool:
    """Say whether a column of numbers holds phone, card or identity numbers: its name says so, or their form does."""
    said = [digits_of(value) for value in values if value is not None and value == value]
    long = [text for text in said if text.isdigit() and 7 <= len(text) <= 20]
    if hint in NUMBERS:
        return len(long) >= SHARE * len(said) > 0
    whole = [text for text in long if any(_whole(span, text) for kind in NUMBERS for span in FINDERS[kind](text))]
    return len(whole) >= SHARE * len(said) > 0


def _whole(span: Span, text: str) -> bool:
    return span.start == 0 and span.end == len(text)
