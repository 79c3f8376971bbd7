"""Recipes: steps applied to data one after the other, each row accounted for, the same every time.

For every step: rows before + added = rows after + removed, with a reason for each row that left. A step is a function in
kit/steps_*; what it can be told is its model in core/options/steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ...core.contracts import Dataset
from ...core.errors import DataError
from ...core.options import nearest
from ...core.options.steps import AUGMENTED_FROM, AUGMENTED_WITH, ROW_ID, Step, parse_step
from ..reading.arrays import array_of, int_array
from ..rows.labels import label_text
from ..rows.texts import BATCH, Layout, layout_of, texts_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: Example rows of each kind of change that a preview shows, and characters of each.
EXAMPLES, SHOWN = 3, 400
#: Columns that steps keep for themselves.
OWN = (ROW_ID, AUGMENTED_FROM, AUGMENTED_WITH)


class Models(Protocol):
    """What steps may ask a model; the runtime's worker answers."""

    def translate(self, model: str, texts: Sequence[str]) -> list[str]:
        """Return the translation of each text by a run or a model folder."""
        ...

    def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors [texts, width] of an encoder."""
        ...


@dataclass
class Change:
    """One row before and after: `kind` is "changed", "removed", "added" or "moved"."""

    kind: str
    split: str
    before: str | None = None
    after: str | None = None
    why: str = ""


@dataclass
class Outcome:
    """What one step did: rows a split before and after, rows removed by reason, rows added, changed and moved."""

    step: Step
    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    moved: int = 0
    notes: list[str] = field(default_factory=list)
    examples: list[Change] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, for cards and for dataset.json."""
        plain = {name: value for name, value in vars(self).items() if name not in ("step", "examples")}
        examples = [{key: value for key, value in vars(one).items() if value is not None} for one in self.examples]
        return {"step": self.step.line(), **plain, "examples": examples}


class Work:
    """Data in the middle of a recipe, and the account of the step at work."""

    def __init__(self, data: Dataset, seed: int, models: Models | None = None) -> None:
        self.data = replace(data, splits=dict(data.splits))
        self.shape: Layout = layout_of(data)
        self.seed = seed
        self.models = models
        self.outcome = Outcome(parse_step("drop-empty"), data.rows)

    @property
    def splits(self) -> dict[str, pa.Table]:
        return self.data.splits

    @property
    def training(self) -> str:
        """The split that trains: "train", else the only one there is."""
        return next((name for name in ("train", "all") if name in self.splits), next(iter(self.splits)))

    def texts(self, split: str, column: str | None = None) -> list[str]:
        """Return the text of each row of a split, or one column of it as text."""
        shape = self.shape if column is None else Layout("text", (self.column(column),))
        return list(texts_of(self.splits[split], shape))

    def labels(self, split: str, column: str | None = None) -> list[str]:
        """Return the label of each row as text; "" where it has none."""
        name = column or self.shape.label
        if name is None or name not in self.splits[split].column_names or (self.shape.kind == "tokens" and not column):
            return [""] * self.splits[split].num_rows
        return [label_text(value) or "" for value in self.splits[split][name].to_pylist()]

    def column(self, name: str) -> str:
        """Return the name of a column that is there. Raises DataError with the nearest one."""
        known = [one for one in self.data.columns if one not in OWN]
        if name in self.data.columns:
            return name
        guess = nearest(name, known, 0.5)
        listed = ", ".join(map(repr, known[:20]))
        raise DataError(
            f"Step {self.outcome.step.step}: there is no column {name!r}; the columns are {listed}.",
            f"Did you mean {guess!r}?" if guess else "Name one of them.",
        )

    def label(self) -> str:
        """Return the label column. Raises DataError when there is none."""
        if self.shape.label is None or self.shape.kind == "tokens":
            raise DataError(f"Step {self.outcome.step.step}: no column can be the label.", "Name it: by=COLUMN.")
        return self.shape.label

    def show(self, change: Change) -> None:
        """Keep a change as an example, if there are not enough of its kind and reason yet."""
        same = [one for one in self.outcome.examples if (one.kind, one.why) == (change.kind, change.why)]
        if len(same) < EXAMPLES and len(self.outcome.examples) < 10 * EXAMPLES:
            change.before, change.after = _cut(change.before), _cut(change.after)
            self.outcome.examples.append(change)

    def drop(self, split: str, reasons: Sequence[str | None]) -> None:
        """Remove the rows that have a reason to go, and account for each."""
        gone = [place for place, why in enumerate(reasons) if why is not None]
        if not gone:
            return
        for place in gone:
            why = str(reasons[place])
            self.outcome.removed[why] = self.outcome.removed.get(why, 0) + 1
        self._show_removed(split, gone, reasons)
        self.splits[split] = pick(self.splits[split], [n for n, why in enumerate(reasons) if why is None])

    def _show_removed(self, split: str, gone: list[int], reasons: Sequence[str | None]) -> None:
        shown: dict[str, int] = {}
        for place in gone:
            why = str(reasons[place])
            shown[why] = shown.get(why, 0) + 1
            if shown[why] <= EXAMPLES and len(shown) <= 10:
                row = self.splits[split].slice(place, 1)
                self.show(Change("removed", split, "".join(texts_of(row, self.shape)) or _row(row), None, why))

    def put(self, split: str, column: str, values: pa.ChunkedArray) -> None:
        """Replace a column, or add it as the last one."""
        table = self.splits[split]
        if column in table.column_names:
            self.splits[split] = table.set_column(table.column_names.index(column), column, values)
        else:
            self.splits[split] = table.append_column(column, values)

    def number_rows(self) -> None:
        """Give every row a number that stays with it, if rows have none yet."""
        import pyarrow as pa

        start = 0
        for split, table in self.splits.items():
            if ROW_ID not in table.column_names:
                self.put(split, ROW_ID, pa.chunked_array([int_array(list(range(start, start + table.num_rows)))]))
                self.put(split, AUGMENTED_FROM, pa.chunked_array([int_array([None] * table.num_rows)]))
            start += table.num_rows


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _row(table: pa.Table) -> str:
    return ", ".join(f"{name}: {value}" for name, value in table.to_pylist()[0].items())


def pick(table: pa.Table, places: Sequence[int]) -> pa.Table:
    """Return the rows at `places`, in that order. Batch by batch: no copy of a text column overflows its offsets."""
    import pyarrow as pa

    parts = [table.take(int_array(list(places[start : start + BATCH]))) for start in range(0, len(places), BATCH)]
    return pa.concat_tables(parts) if parts else table.slice(0, 0)


def column_of(values: Iterator[list[Any]], kind: pa.DataType) -> pa.ChunkedArray:
    """Build a column from lists of Python values."""
    import pyarrow as pa

    simple = pa.types.is_string(kind) or pa.types.is_integer(kind)
    parts = [array_of(part).cast(kind) if simple else pa.array(part, kind) for part in values]
    return pa.chunked_array(parts, kind)


def run(
    data: Dataset, steps: Sequence[Any], seed: int = 42, models: Models | None = None
) -> tuple[Dataset, list[dict[str, Any]], list[Outcome]]:
    """Apply steps; return (data, the recipe as it is kept, what each step did).

    Steps without a seed of their own get `seed`, which the kept recipe names: replayed, it does the same. Raises
    DataError or OptionError, before anything is kept, for a step that cannot be applied and for one that leaves no row.
    """
    work, kept, outcomes = Work(data, seed, models), [], []
    for given in steps:
        step = _seeded(parse_step(given), seed)
        work.outcome = Outcome(step, work.data.rows)
        _function(step)(work, step)
        work.outcome.after = work.data.rows
        if not sum(work.data.rows.values()):
            raise DataError(f"Step {step.line()!r} leaves no row.", "--preview shows what each step does.")
        if not {*work.shape.columns, work.shape.label} - {None} <= set(work.data.columns):
            work.shape = layout_of(work.data)  # else it stays: fewer rows could suggest another label column
        kept.append(step.as_json())
        outcomes.append(work.outcome)
    return work.data, kept, outcomes


def _seeded(step: Step, seed: int) -> Step:
    given = "seed" in type(step).model_fields and getattr(step, "seed", None) is None
    return step.model_copy(update={"seed": seed}) if given else step


def _function(step: Step) -> Callable[[Work, Any], None]:
    from . import augment as steps_augment
    from . import clean as steps_clean
    from . import divide as steps_divide
    from . import select as steps_select

    known: dict[str, Callable[[Work, Any], None]] = {
        **steps_clean.STEPS, **steps_select.STEPS, **steps_divide.STEPS, **steps_augment.STEPS
    }  # fmt: skip
    return known[step.step]
