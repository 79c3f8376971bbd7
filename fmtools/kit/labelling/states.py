"""Decisions about rows: the state of each row after all of them, and the way back, one by one.

A state is what was decided last of a row: {"label": "great"}, {"labels": [...]}, {"spans": [[first, last, kind], ...]} (of
tokens), {"remove": true}, {"skip": true}; no state means that nobody has decided. With {"open": true} somebody is still at it. Light: the kernel imports it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

State = dict[str, Any]


class States:
    """The states of rows, by the row's number over all splits. `place` turns a record's split and row into that number."""

    def __init__(self, place: Callable[[str, int], int | None]) -> None:
        self._place = place
        self.by_row: dict[int, State] = {}
        self.seen: set[int] = set()
        self.labels: list[str] = []
        self._past: list[tuple[int, State | None]] = []

    def take(self, records: Iterable[dict[str, Any]]) -> None:
        """Follow records in their order; one that fits no row is left out."""
        for record in records:
            kind = record["kind"]
            if kind == "decide":
                row = self._place(str(record.get("split")), int(record.get("row", -1)))
                if row is not None:
                    self._past.append((row, self.by_row.get(row)))
                    self._put(row, record.get("state"))
            elif kind == "undo":
                self.back()
            elif kind == "label":
                self.labels += [record["name"]] if record["name"] not in self.labels else []
            elif kind == "carried":
                places = (
                    self._place(record["split"], n) for first, last in record["rows"] for n in range(first, last + 1)
                )
                self.seen |= {row for row in places if row is not None}

    def _put(self, row: int, state: State | None) -> None:
        if state:
            self.by_row[row] = state
        else:
            self.by_row.pop(row, None)

    @property
    def last(self) -> int | None:
        """The row of the last decision that can be taken back."""
        return self._past[-1][0] if self._past else None

    def back(self) -> int | None:
        """Take the last decision back; return its row, or None when there is none."""
        if not self._past:
            return None
        row, before = self._past.pop()
        self._put(row, before)
        return row

    def done(self, row: int) -> bool:
        """Say whether a row needs no more attention: decided here, or before this version was kept."""
        state = self.by_row.get(row)
        return row in self.seen if state is None else not (state.get("skip") or state.get("open"))

    @property
    def decided(self) -> list[int]:
        """Rows with a decision other than to skip them, in the order in which they were first decided."""
        return [row for row, state in self.by_row.items() if not state.get("skip")]

    def digest(self) -> str:
        """Return a short hash of all decisions: equal for equal ones."""
        plain = json.dumps(sorted((row, self.by_row[row]) for row in self.decided), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return whole numbers as [first, last] runs."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
