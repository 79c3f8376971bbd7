"""The rows of data as a labeller sees them, and the data with a person's decisions in them. Light: the kernel imports it.

Rows are known by their number over all splits, in the order of the splits.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Drop
from ...core.errors import DataError
from ..rows.labels import natural
from .shape import LabelShape, labels_of
from .spans import MarkedRow, MarkedRows
from .states import State

if TYPE_CHECKING:
    pass

REMOVED = "removed by hand"


@dataclass
class Applied:
    """Data with decisions in them. `places`: the new number of each row that stayed. `counts`: decided, changed (had
    another label), labelled (had none), confirmed, removed."""

    data: Dataset
    places: dict[int, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class LabelRows:
    """Rows by number; `splits` says which are to be labelled."""

    def __init__(self, data: Dataset, shape: LabelShape, only: str | None = None) -> None:
        if only is not None and only not in data.splits:
            raise DataError(f"There is no split {only!r}.", f"There are {', '.join(data.splits)}.")
        self.data, self.shape = data, shape
        ends = list(itertools.accumulate((t.num_rows for t in data.splits.values()), initial=0))
        self.starts = dict(zip(data.splits, ends[:-1], strict=True))
        self.total = ends[-1]
        self.numbers = range(self.total)
        if only is not None:
            self.numbers = range(self.starts[only], self.starts[only] + data.splits[only].num_rows)
        self.marked = (
            MarkedRows(shape, self._column(shape.texts[0]), self._column(shape.label)) if self._tagged else None
        )

    @property
    def _tagged(self) -> bool:
        return self.shape.kind == "spans"

    def _column(self, name: str) -> Iterator[Any]:
        """Yield a column over all splits, a batch at a time."""
        for table in self.data.splits.values():
            if name in table.column_names:
                for batch in table.select([name]).to_batches(max_chunksize=10_000):
                    yield from batch.column(0).to_pylist()

    def place(self, number: int) -> tuple[str, int]:
        """Return (split, row in it) of a row's number."""
        split = next(s for s in reversed(self.starts) if self.starts[s] <= number)
        return split, number - self.starts[split]

    def number(self, split: str, row: int) -> int | None:
        """Return the number of a row; None when there is no such row."""
        table = self.data.splits.get(split)
        return self.starts[split] + row if table is not None and 0 <= row < table.num_rows else None

    def raw(self, number: int) -> dict[str, Any]:
        """Return a row as it stands in the data."""
        split, row = self.place(number)
        found: dict[str, Any] = self.data.splits[split].slice(row, 1).to_pylist()[0]
        return found

    def names(self) -> list[str]:
        """Return the labels, or types of entities, that occur."""
        if self.marked is not None:
            return self.marked.kinds
        found = {label for value in self._column(self.shape.label) for label in labels_of(value, self.shape)}
        return sorted(found, key=natural)

    def given(self, raw: Mapping[str, Any]) -> list[str]:
        """Return the labels a row came with."""
        return labels_of(raw.get(self.shape.label), self.shape) if self.shape.label else []

    def row(self, raw: Mapping[str, Any]) -> MarkedRow:
        """Return a row as pieces and spans."""
        assert self.marked is not None
        return self.marked.read(raw.get(self.shape.texts[0]), raw.get(self.shape.label) if self.shape.label else None)

    def without_label(self) -> list[int]:
        """Return the numbers of the rows that have no label, or no tags."""
        if not self.shape.label:
            return list(self.numbers)
        if self._tagged:
            empty = (value is None or value == [] for value in self._column(self.shape.label))
        else:
            empty = (not labels_of(value, self.shape) for value in self._column(self.shape.label))
        return [number for number, is_empty in enumerate(empty) if is_empty and number in self.numbers]

    def texts(self) -> list[str]:
        """Return the text of every row, of both columns where rows have two."""
        found = [[said(value) for value in self._column(name)] for name in self.shape.texts]
        return found[0] if len(found) == 1 else ["\n".join(parts) for parts in zip(*found, strict=True)]

    def differs(self, raw: Mapping[str, Any], state: State) -> bool:
        """Say whether a decision changes a row."""
        if state.get("remove"):
            return True
        if "spans" in state:
            row = self.row(raw)
            return not row.given or bool(row.fault) or state["spans"] != sorted(row.spans)
        if "labels" in state:
            return set(state["labels"]) != set(self.given(raw)) or (
                not state["labels"] and raw.get(self.shape.label) is None
            )
        return "label" in state and [state["label"]] != self.given(raw)

    def apply(self, states: Mapping[int, State]) -> Applied:
        """Return the data with decisions in them; rows nobody decided on stay as they are, to the byte."""
        counts: Counter[str] = Counter(decided=0, changed=0, labelled=0, confirmed=0, removed=0)
        new: dict[int, State] = {}
        gone: set[int] = set()
        for number, state in states.items():
            if state.get("skip"):
                continue
            counts["decided"] += 1
            raw = self.raw(number)
            if state.get("remove"):
                counts["removed"] += 1
                gone.add(number)
            elif not self.differs(raw, state):
                counts["confirmed"] += 1
            else:
                counts["changed" if self._had(raw) else "labelled"] += 1
                new[number] = state
        return self._made(new, gone, dict(counts))

    def _had(self, raw: Mapping[str, Any]) -> bool:
        return self.row(raw).given if self._tagged else bool(self.given(raw))

    def _made(self, new: dict[int, State], gone: set[int], counts: dict[str, int]) -> Applied:
        from ..recipes.recipe import pick
        from .cells import columns

        kept = [n for n in range(self.total) if n not in gone]
        if not kept:
            raise DataError("Every row is marked to be removed.", "Keep at least one.")
        splits = {}
        for split, table in columns(self, new).items():
            start = self.starts[split]
            own = [n - start for n in kept if start <= n < start + table.num_rows]
            splits[split] = table if len(own) == table.num_rows else pick(table, own)
        splits = {
            split: table for split, table in splits.items() if table.num_rows or not self.data.splits[split].num_rows
        }
        dropped, drops = dict(self.data.dropped), list(self.data.drops)
        if gone:
            dropped[REMOVED] = dropped.get(REMOVED, 0) + len(gone)
            drops += [Drop(REMOVED, *reversed_place(self.place(n))) for n in sorted(gone)]
        read = sum(table.num_rows for table in splits.values()) + sum(dropped.values())
        made = replace(self.data, splits=splits, read=read, dropped=dropped, drops=drops, version="", task=self._task())
        return Applied(made, {number: place for place, number in enumerate(kept)}, counts)

    def _task(self) -> str:
        return self.shape.task if self._tagged else self.data.task


def reversed_place(place: tuple[str, int]) -> tuple[str, int]:
    """Return what a Drop takes: the split, and the row counted from 1."""
    return place[0], place[1] + 1


def said(value: Any) -> str:
    """Return a cell as text: tokens with blanks between, anything else as it stands."""
    if isinstance(value, list):
        return " ".join("" if part is None else str(part) for part in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)
