"""What a labelling session shows: the order of rows, one row, how far one is. Deciding is in label_session."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from ..core.contracts import Dataset
from ..core.options.label import LabelOptions
from ..kit.labelling.rows import LabelRows, said
from ..kit.labelling.shape import LabelShape
from ..kit.labelling.states import States
from ..store import versions
from ..store.label_journal import Journal
from ..store.runs import home
from .label_order import Order

#: Characters and tokens of a row that are shown; other columns that are shown beside, and characters of each.
SHOWN, TOKENS, BESIDE, SHORT = 20_000, 2_000, 6, 120


class Rows:
    """The rows of a version in an order, with what was decided about them."""

    def __init__(self, options: LabelOptions) -> None:
        self.lock = threading.RLock()
        self.options = options

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

    def labels(self) -> list[str]:
        """Return the labels (or types of entities) to choose from: those in the data, then those that were added."""
        with self.lock:
            return list(dict.fromkeys([*self._names, *self.states.labels, *self.order.ranks.labels]))

    def progress(self) -> dict[str, int]:
        """Return counts of rows: rows, done, decided, changed, removed, skipped, left."""
        with self.lock:
            own = {n: s for n, s in self.states.by_row.items() if n in self.rows.numbers}
            skipped = sum(bool(state.get("skip")) for state in own.values())
            removed = sum(bool(state.get("remove")) for state in own.values())
            seen = sum(n not in own for n in self.states.seen if n in self.rows.numbers)
            done = sum(self.states.done(n) for n in own) + seen
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
        places = itertools.chain(range(start, len(view)), range(min(start, len(view))))
        return next(
            (
                p
                for p in places
                if not self.states.done(view[p]) and not self.states.by_row.get(view[p], {}).get("skip")
            ),
            max(0, len(view) - 1),
        )

    def search(self, words: str, only: str) -> list[int]:
        """Return the rows, in their order, that contain all words; `only`: "open", "done", "changed", "suspects" or "all"."""
        with self.lock:
            found = [n for n in self.queue() if self._is(n, only)]
            wanted = words.casefold().split()
            if not wanted:
                return found
            texts = self.rows.texts()
            return [n for n in found if all(word in texts[n].casefold() for word in wanted)]

    def _is(self, number: int, only: str) -> bool:
        if only == "open":
            return not self.states.done(number)
        if only == "done":
            return self.states.done(number)
        if only == "changed":
            return number in self.states.by_row and self._differs(number)
        return number in self.order.ranks.why if only == "suspects" else True

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
            rows = itertools.islice((n for n in self.queue() if not self.states.done(n)), count)
            return [self._in_table(number) for number in rows]

    def _in_table(self, number: int) -> dict[str, Any]:
        raw = self.rows.raw(number)
        split, place = self.rows.place(number)
        text = "\n".join(said(raw.get(name)) for name in self.shape.texts)
        given = [kind for *_, kind in self.rows.row(raw).spans] if self.rows.marked else self.rows.given(raw)
        return {
            "split": split,
            "row": place + 1,
            "text": text[:SHOWN],
            "given": given,
            "why": self.order.ranks.why.get(number),
        }


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
