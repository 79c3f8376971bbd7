"""A labelling session: rows in an order, decisions kept the moment they are made, a new version in the end.

One session for each NAME@HASH in a process, so that two views of the same rows agree. Everything public may be called
from any thread: clicks arrive on one, the cell runs on another, the search for wrong labels on a third.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..core.contracts import Dataset
from ..core.errors import DataError, FmError
from ..core.options.label import LabelOptions
from ..kit.label_rows import Applied, LabelRows, said
from ..kit.label_shape import TAGS as TAGS_COLUMN
from ..kit.label_shape import TOKENS as TOKENS_COLUMN
from ..kit.label_shape import LabelShape, shape_of
from ..kit.label_spans import checked
from ..kit.label_states import State, States, ranges
from ..kit.labels import folded, is_misspelling
from ..store import versions
from ..store.label_journal import Journal, folder_of, versions_with_journal
from ..store.runs import home
from . import launch
from .keeping import _name
from .label_order import Order, Ranks

#: Characters and tokens of a row that are shown; other columns that are shown beside, and characters of each.
SHOWN, TOKENS, BESIDE, SHORT = 20_000, 2_000, 6, 120
LONGEST_LABEL = 100


class Session:
    """See the module. `told` is called (from any thread) when the order or the suggestions have come."""

    def __init__(self, data: Dataset, version: versions.Version, shape: LabelShape, options: LabelOptions) -> None:
        self.lock = threading.RLock()
        self.options = options
        self.name = _name(options.name, version.name)
        self.listeners: list[Callable[[], None]] = []
        self.notices: list[str] = []
        self._base(data, version, shape)
        self._new_labels(options.labels)

    def _base(self, data: Dataset, version: versions.Version, shape: LabelShape) -> None:
        """Begin with the rows of a version, and everything that was decided about them before."""
        self.version, self.shape = version, shape
        self.rows = LabelRows(data, shape, self.options.split)
        self.journal = Journal(version.reference, home())
        self.states = States(self.rows.number)
        self.states.take(self.journal.news())
        self.order = Order(self.rows, self.options)
        self._names = self.rows.names()
        self._changed: dict[int, bool] = {}
        self._view: list[int] | None = None

    # ------------------------------------------------------------------ what there is

    def labels(self) -> list[str]:
        """Return the labels (or types of entities) to choose from: those in the data, then those that were added."""
        with self.lock:
            return list(dict.fromkeys([*self._names, *self.states.labels]))

    def progress(self) -> dict[str, int]:
        """Return counts of rows: rows, done, decided, changed, removed, skipped, left."""
        with self.lock:
            own = {n: s for n, s in self.states.by_row.items() if n in self.rows.numbers}
            skipped = sum(bool(state.get("skip")) for state in own.values())
            removed = sum(bool(state.get("remove")) for state in own.values())
            seen = sum(n not in own for n in self.states.seen if n in self.rows.numbers)
            done = len(own) - skipped + seen
            changed = sum(self._differs(n) for n in own) - removed
            total = len(self.rows.numbers)
            return {
                "rows": total, "done": done, "decided": len(own) - skipped, "changed": changed, "removed": removed,
                "skipped": skipped, "left": total - done,
            }  # fmt: skip

    def _differs(self, number: int) -> bool:
        if number not in self._changed:
            state = self.states.by_row.get(number)
            self._changed[number] = state is not None and self.rows.differs(self.rows.raw(number), state)
        return self._changed[number]

    def queue(self) -> list[int]:
        """Return the rows' numbers in the order in which they are shown: those with a decision, then the others."""
        with self.lock:
            if self._view is None:
                decided = [n for n in self.states.by_row if n in self.rows.numbers and self.states.done(n)]
                seen = [n for n in sorted(self.states.seen) if n in self.rows.numbers and n not in self.states.by_row]
                before = dict.fromkeys([*seen, *decided])
                self._view = [*before, *(n for n in self.order.numbers() if n not in before)]
            return self._view

    def reorder(self, current: int | None = None) -> list[int]:
        """Take a new order into use; a row that somebody is looking at comes next."""
        with self.lock:
            self._view = None
            view = self.queue()
            if current is not None and current in view and not self.states.done(current):
                view.remove(current)
                view.insert(sum(self.states.done(n) for n in view), current)
            return view

    def first_open(self, view: list[int], start: int = 0) -> int:
        """Return the place of the first row that still wants a decision, from `start` on; the last place when none does."""
        places = [*range(start, len(view)), *range(start)]
        return next((p for p in places if not self.states.done(view[p]) and view[p] not in self.states.by_row), max(0, len(view) - 1))

    def search(self, words: str, only: str) -> list[int]:
        """Return the rows, in their order, that contain all words; `only`: "open", "done", "changed", "suspects" or "all"."""
        with self.lock:
            found = [n for n in self.queue() if self._is(n, only)]
            wanted = words.casefold().split()
            if not wanted:
                return found
            return [n for n in found if all(word in self._text(n) for word in wanted)]

    def _is(self, number: int, only: str) -> bool:
        if only == "open":
            return not self.states.done(number)
        if only == "done":
            return self.states.done(number)
        if only == "changed":
            return number in self.states.by_row and self._differs(number)
        return number in self.order.ranks.why if only == "suspects" else True

    def _text(self, number: int) -> str:
        raw = self.rows.raw(number)
        return "\n".join(said(raw.get(name)) for name in (*self.shape.texts, self.shape.label)).casefold()

    def row(self, number: int) -> dict[str, Any]:
        """Return a row as it is shown: plain JSON."""
        with self.lock:
            raw = self.rows.raw(number)
            split, place = self.rows.place(number)
            facts: dict[str, Any] = {
                "id": number, "split": split, "number": place + 1, "state": self.states.by_row.get(number),
                "seen": number in self.states.seen, "beside": self._beside(raw), "why": self.order.ranks.why.get(number),
                "suggestion": self.order.ranks.suggestion(number),
            }  # fmt: skip
            return facts | (self._tokens(number, raw) if self.rows.marked else self._texts(raw))

    def _texts(self, raw: dict[str, Any]) -> dict[str, Any]:
        texts = [{"name": name, "text": _cut(said(raw.get(name)))} for name in self.shape.texts]
        return {"texts": texts, "given": self.rows.given(raw)}

    def _tokens(self, number: int, raw: dict[str, Any]) -> dict[str, Any]:
        row = self.rows.row(raw)
        state = self.states.by_row.get(number) or {}
        return {
            "pieces": row.pieces[:TOKENS], "tail": row.tail if len(row.pieces) <= TOKENS else "…", "fault": row.fault,
            "given": row.spans, "tagged": row.given, "spans": state.get("spans", row.spans),
            "suggested": self.order.ranks.spans(number, row),
        }  # fmt: skip

    def _beside(self, raw: dict[str, Any]) -> list[list[str]]:
        own = {*self.shape.texts, self.shape.label}
        found = [[name, said(value)] for name, value in raw.items() if name not in own and value not in (None, "", [])]
        return [[name, text if len(text) <= SHORT else text[: SHORT - 1] + "…"] for name, text in found[:BESIDE]]

    def first(self, count: int) -> list[dict[str, Any]]:
        """Return the first open rows of the order, for tables: {"split", "row", "text", "given", "why"}."""
        with self.lock:
            rows = [n for n in itertools.islice((n for n in self.queue() if not self.states.done(n)), count)]
            return [self._in_table(number) for number in rows]

    def _in_table(self, number: int) -> dict[str, Any]:
        raw = self.rows.raw(number)
        split, place = self.rows.place(number)
        text = "\n".join(said(raw.get(name)) for name in self.shape.texts)
        given = [kind for *_, kind in self.rows.row(raw).spans] if self.rows.marked else self.rows.given(raw)
        return {"split": split, "row": place + 1, "text": text[:SHOWN], "given": given, "why": self.order.ranks.why.get(number)}

    # ------------------------------------------------------------------ what is decided

    def decide(self, number: int, state: State | None) -> None:
        """Take a decision about a row; on the disk when this returns. Raises FmError: nothing was decided, or not kept yet."""
        with self.lock:
            if number not in self.rows.numbers:
                raise DataError(f"There is no row {number}.", "Open the data again.")
            self._take("decide", split=self.rows.place(number)[0], row=self.rows.place(number)[1], state=self._checked(number, state))

    def _checked(self, number: int, state: Any) -> State | None:
        """Return a decision in one form. Raises DataError for one that says nothing."""
        if state is None or state.get("remove"):
            return {"remove": True} if state else None
        if state.get("skip"):
            return {"skip": True}
        if self.shape.kind == "spans" and "spans" in state:
            return {"spans": checked(state["spans"], len(self.rows.row(self.rows.raw(number)).pieces))}
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

    # ------------------------------------------------------------------ what comes of it

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
            made = self.apply()
            if not any(made.counts[what] for what in ("changed", "labelled", "removed")):
                raise DataError("No label was changed, so there is nothing to keep.", "Change one, or go on.")
            self.journal.settle()
            version = versions.save(
                replace(made.data, name=kept_as), home(), kept_as, [*self.version.recipe, self._step(made)], self.version.reference
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
        why, given, order = self.order, self.options.labels, made.places
        labels = self.states.labels
        self.journal.close()
        _forget(self)
        self._base(versions.load(version), version, self._shape_after())
        if not self.states.seen and not self.states.by_row:
            for split in self.rows.starts:
                own = [n - self.rows.starts[split] for n in done if self.rows.place(n)[0] == split]
                if own:
                    self._take("carried", split=split, rows=ranges(own))
        for label in labels:
            if label not in self.labels():
                self._take("label", name=label)
        self._new_labels(given)
        self.order.follow(why, order)
        _remember(self)

    def _shape_after(self) -> LabelShape:
        """What was added by hand is a column now."""
        if self.shape.label:
            return self.shape
        if self.shape.form == "text":
            return replace(self.shape, texts=(TOKENS_COLUMN,), label=TAGS_COLUMN, form="lists", notices=())
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


class Doubt(DataError):
    """A new label is so near to one that is there that a slip is likelier."""

    def __init__(self, name: str, near: str) -> None:
        super().__init__(f"There is a label {near!r} already.", f"Take that one, or add {name!r} all the same.")
        self.name, self.near = name, near


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


_sessions: dict[tuple[str, str, str], Session] = {}
_lock = threading.Lock()


def _key(session: Session) -> tuple[str, str, str]:
    return str(home()), session.version.reference, session.shape.task


def _remember(session: Session) -> None:
    with _lock:
        _sessions[_key(session)] = session


def _forget(session: Session) -> None:
    with _lock:
        _sessions.pop(_key(session), None)


def open_session(options: LabelOptions) -> Session:
    """Open data for labelling: those of a name where they are, anything else is kept under a name first.

    Raises FmError before anything is written when the data cannot be labelled.
    """
    root = home()
    data = launch.load(options.data, options)
    shape = shape_of(data, options.task, options.text_column, options.pair_column, options.label_column)
    if options.run is not None:
        Order.check_run(options.run, shape)
    LabelRows(data, shape, options.split)
    if options.name:
        _name(options.name, data.name)
    said = []
    if data.version:
        version = versions.resolve(data.version, root)
    else:
        launch.private_folder_checked(root)
        version = versions.save(data, root, options.name or versions.safe_name(data.name))
        data = versions.load(version)
        said.append(f"The rows as they came are kept as {version.label}.")
    session = Session(data, version, shape, options)
    session.notices = [*said, *shape.notices, *_unsaved(version, root), *_damage(session)]
    _replace(session)
    return session


def _replace(session: Session) -> None:
    """Put a session in the place of an earlier one over the same rows, whose views go on with this one's decisions."""
    with _lock:
        earlier = _sessions.get(_key(session))
        _sessions[_key(session)] = session
    if earlier is not None:
        with earlier.lock, session.lock:
            earlier.journal.close()
            earlier.states = session.states
            earlier.journal = session.journal
            earlier.lock = session.lock


def _unsaved(version: versions.Version, root: Any) -> list[str]:
    """Say which other versions of the name have decisions that no version holds."""
    known = versions.of_name(version.name, root)
    kept = {step.get("decisions") for one in known for step in one.recipe if step.get("step") == "label"}
    found = []
    for other in known:
        if other.hash == version.hash or other.hash not in versions_with_journal(version.name, root):
            continue
        states = States(_numbering(other.rows))
        states.take(Journal(other.reference, root).news())
        if states.decided and states.digest() not in kept:
            found.append(f"{other.label} has {len(states.decided):,} decisions that are in no version: %fm_label {other.label} opens them.")
    return found


def _numbering(rows: dict[str, int]) -> Callable[[str, int], int | None]:
    """Return what numbers the rows of a version as LabelRows does, from its facts alone."""
    order = ("train", "validation", "test", "all")
    splits = sorted(rows, key=lambda s: (order.index(s) if s in order else 9, s))
    starts = dict(zip(splits, itertools.accumulate((rows[s] for s in splits), initial=0), strict=False))
    return lambda split, row: starts[split] + row if split in starts else None


def _damage(session: Session) -> list[str]:
    lost = session.journal.lost
    return [f"{lost:,} lines of the journal are damaged and were left out ({folder_of(session.version.reference, home())})."] if lost else []

