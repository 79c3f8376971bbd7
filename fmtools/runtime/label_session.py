"""A labelling session: rows in an order, decisions kept the moment they are made, a new version in the end.

Everything public may be called from any thread: clicks arrive on one, the cell runs on another, the search for wrong
labels on a third.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..core.contracts import Dataset
from ..core.errors import DataError, FmError
from ..core.options.label import LabelOptions
from ..kit.labelling.rows import Applied
from ..kit.labelling.shape import TAGS, TOKENS, LabelShape
from ..kit.labelling.spans import checked
from ..kit.labelling.states import State, ranges
from ..kit.rows.labels import folded, is_misspelling
from ..store import versions
from ..store.runs import home
from .keeping import _name
from .label_order import Ranks
from .label_view import Rows

LONGEST_LABEL = 100


class Doubt(DataError):
    """A new label is so near to one that is there that a slip is likelier."""

    def __init__(self, name: str, near: str) -> None:
        super().__init__(f"There is a label {near!r} already.", f"Take that one, or add {name!r} all the same.")
        self.name, self.near = name, near


class Session(Rows):
    """See the module. `listeners` are called (from any thread) when the order or the suggestions have come; `moved` is
    called with the old reference when the session goes on with a version that was just kept."""

    def __init__(self, data: Dataset, version: versions.Version, shape: LabelShape, options: LabelOptions) -> None:
        super().__init__(options)
        self.name = _name(options.name, version.name)
        self.notices: list[str] = []
        self.listeners: list[Callable[[], None]] = []
        self.moved: Callable[[Session, str], None] = lambda session, before: None
        self._base(data, version, shape)
        self._new_labels(options.labels)

    def decide(self, number: int, state: State | None) -> None:
        """Take a decision about a row; on the disk when this returns. Raises FmError: nothing was decided, or not kept yet."""
        with self.lock:
            if number not in self.rows.numbers:
                raise DataError(f"There is no row {number}.", "Open the data again.")
            self._take(
                "decide",
                split=self.rows.place(number)[0],
                row=self.rows.place(number)[1],
                state=self._checked(number, state),
            )

    def _checked(self, number: int, state: Any) -> State | None:
        """Return a decision in one form. Raises DataError for one that says nothing."""
        if state is None or state.get("remove"):
            return {"remove": True} if state else None
        if state.get("skip"):
            return {"skip": True}
        if self.shape.kind == "spans" and "spans" in state:
            spans = checked(state["spans"], len(self.rows.row(self.rows.raw(number)).pieces))
            return {"spans": spans, **({"open": True} if state.get("open") else {})}
        if self.shape.kind == "several" and isinstance(state.get("labels"), list):
            return {"labels": list(dict.fromkeys(self._known(label) for label in state["labels"]))}
        if self.shape.kind == "one" and "label" in state:
            return {"label": self._known(state["label"])}
        raise DataError(f"{state!r} is no decision about this row.", "Choose a label.")

    def _known(self, label: Any) -> str:
        if label not in self.labels():
            raise DataError(f"There is no label {label!r}.", "Add it first.")
        return str(label)

    def _take(self, kind: str, **facts: Any) -> None:
        """Follow a record, and keep it: in memory first, so that what is seen is what will be kept."""
        try:
            record = {"kind": kind, "id": "", **facts}
            self.states.take([record])
            self._changed.clear() if kind == "undo" else self._changed.pop(self._number(facts), None)
        finally:
            self.journal.append(kind, **facts)

    def _number(self, facts: dict[str, Any]) -> int:
        return self.rows.number(facts["split"], facts["row"]) or 0 if "row" in facts else -1

    def undo(self) -> int | None:
        """Take the last decision back, also one of an earlier kernel; return its row, None when there is none."""
        with self.lock:
            number = self.states.last
            if number is not None:
                self._take("undo")
            return number

    def refresh(self) -> None:
        """Take in what other processes have decided about the same rows meanwhile."""
        with self.lock:
            records = self.journal.news()
            self.states.take(records)
            if records:
                self._changed.clear()

    def settle(self) -> None:
        """Try again to keep what the disk refused. Raises StoreError while it does."""
        with self.lock:
            self.journal.settle()

    def add_label(self, word: str, sure: bool = False) -> str:
        """Offer another label. Raises DataError, with the label that is probably meant, unless one is `sure`.

        A label that is there already, but for case or blanks, is that label: its name comes back.
        """
        name = " ".join(word.split())
        if not name or len(name) > LONGEST_LABEL:
            raise DataError("A label needs a name of 1 to 100 characters.", "Type one.")
        with self.lock:
            known = self.labels()
            if name in known:
                return name
            twin = next((label for label in known if folded(label) == folded(name)), None)
            near = twin or next((label for label in known if is_misspelling(name, label)), None)
            if near is not None and not sure:
                raise Doubt(name, near)
            self._take("label", name=name)
            return name

    def _new_labels(self, labels: list[str]) -> None:
        for label in labels:
            if label not in self.labels():
                self.states.take([{"kind": "label", "name": label}])
                self._names = [*self._names, label]

    def apply(self) -> Applied:
        """Return the rows with the decisions in them."""
        with self.lock:
            return self.rows.apply(self.states.by_row)

    def save(self, name: str | None = None) -> versions.Version:
        """Keep the rows with the decisions in them as a new version, and go on with that one.

        Raises DataError when no row would change; StoreError when the disk refuses (the decisions stay where they are).
        """
        with self.lock:
            kept_as = _name(name, self.name) if name else self.name
            self.refresh()
            made = self.apply()
            if not any(made.counts[what] for what in ("changed", "labelled", "removed")):
                raise DataError("No label was changed, so there is nothing to keep.", "Change one, or go on.")
            self.journal.settle()
            version = versions.save(
                replace(made.data, name=kept_as),
                home(),
                kept_as,
                [*self.version.recipe, self._step(made)],
                self.version.reference,
            )
            self._carry(version, made)
            return version

    def _step(self, made: Applied) -> dict[str, Any]:
        added = [label for label in self.states.labels if label not in self.rows.names()]
        facts = {"by": "hand", "column": self.shape.column, **made.counts, "decisions": self.states.digest()}
        return {"step": "label", **facts, **({"new-labels": added} if added else {})}

    def _carry(self, version: versions.Version, made: Applied) -> None:
        """Go on with the new version: rows that were looked at count as done there, and keep their place."""
        done = [made.places[n] for n in (*self.states.decided, *self.states.seen) if n in made.places]
        before, order, labels = self.version.reference, self.order, self.states.labels
        self.journal.close()
        self._base(versions.load(version), version, self._shape_after())
        if not self.states.seen and not self.states.by_row:
            self._carry_done(done)
        for label in labels:
            if label not in self.labels():
                self._take("label", name=label)
        self._new_labels(self.options.labels)
        self.order.follow(order, made.places)
        self.moved(self, before)

    def _carry_done(self, done: list[int]) -> None:
        for split, start in self.rows.starts.items():
            own = [n - start for n in done if self.rows.place(n)[0] == split]
            if own:
                self._take("carried", split=split, rows=ranges(own))

    def _shape_after(self) -> LabelShape:
        """What was added by hand is a column now."""
        if self.shape.label:
            return self.shape
        if self.shape.form == "text":
            return replace(self.shape, texts=(TOKENS,), label=TAGS, form="lists", notices=())
        return replace(self.shape, label=self.shape.column, notices=())

    def begin(self, wait: bool = False) -> None:
        """Look for the order and for suggestions, beside everything else; with `wait`, return when they are there."""
        self.order.begin(self._ranked, self._failed, self.journal, wait)

    def wait(self) -> None:
        """Return when the search for the order has ended."""
        self.order.wait()

    def _ranked(self, ranks: Ranks) -> None:
        with self.lock:
            self.order.ranks = ranks
            if not self.listeners:
                self._view = None  # nobody is in the middle of it
        self._tell()

    def _failed(self, error: FmError) -> None:
        with self.lock:
            self.notices.append(str(error))
        self._tell()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()
