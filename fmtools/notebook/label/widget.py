"""The widget's kernel side: it answers the page's questions. The page shows what it is told and keeps nothing.

A message is {"to", "n", "do", ...}; its answer has the same "to" and "n", and "problem" where it could not be done. A
decision is on the disk before it is answered. Messages come while another cell runs (on a thread of their own), so
whatever they touch is behind the session's lock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from fmtools.api.label import Labels
from fmtools.core.errors import FmError

#: The page's parts, in the order in which they are put together.
PARTS = ("words.js", "dom.js", "wire.js", "tokens.js", "choices.js", "row.js", "acts.js", "view.js")
#: Seconds between two renewals of the summary.
RENEW = 10.0
STATIC = Path(__file__).parent / "static"


def page() -> str:
    """Return the page's script: its parts one after the other, as one module."""
    return "\n".join((STATIC / name).read_text("utf-8") for name in PARTS)


class LabelWidget(anywidget.AnyWidget):
    """Shows a session. `language`: "en" or "zh" where $FMTOOLS_LANG says so, else "" (the page asks the lab)."""

    _esm = page()
    _css = (STATIC / "label.css").read_text("utf-8")
    language = traitlets.Unicode("").tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)

    def __init__(self, labels: Labels) -> None:
        wanted = os.environ.get("FMTOOLS_LANG", "").lower()
        language = ("zh" if wanted.startswith("zh") else "en") if wanted else ""
        super().__init__(language=language, summary=f"fm-label-{id(labels):x}")
        self.labels = labels
        self.talk = Talk(labels)
        #: Shows the summary anew, for those who open the notebook without a kernel.
        self.renew: Callable[[], None] | None = None
        self._renewed = time.monotonic()
        self.on_msg(self._answer)
        labels.session.listeners.append(self._ranked)
        _act_while_cells_run(self.comm)

    def _answer(self, widget: Any, message: Any, buffers: Any) -> None:
        del widget, buffers
        if isinstance(message, dict):
            self.send(self.talk.answer(message))
            self._renew(at_once=message.get("do") == "save")

    def _renew(self, at_once: bool) -> None:
        """Bring the summary up to date, now and then: the person at work does not see it."""
        if self.renew is not None and (at_once or time.monotonic() - self._renewed > RENEW):
            self._renewed = time.monotonic()
            self.renew()

    def _ranked(self) -> None:
        self.send({"to": "*", "event": "ranked"})

    def close(self) -> None:
        """Let go of the session; its journal stays open for other views."""
        if self._ranked in self.labels.session.listeners:
            self.labels.session.listeners.remove(self._ranked)
        super().close()


class Talk:
    """Answers messages about a session."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._view: list[int] | None = None
        self._verbs = {
            "hello": self._hello, "go": self._go, "decide": self._decide, "undo": self._undo, "add": self._add, "search": self._search,
            "reorder": self._reorder, "save": self._save, "settle": self._settle,
        }  # fmt: skip

    @property
    def session(self) -> Any:
        return self.labels.session

    @property
    def view(self) -> list[int]:
        """The rows that are being gone through: all in their order, or those that a search has found."""
        return self.session.queue() if self._view is None else self._view

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a message asks; the answer says what is now, or the problem in a sentence and its cure."""
        head = {"to": message.get("to"), "n": message.get("n"), "done": message.get("do")}
        verb = self._verbs.get(str(message.get("do")))
        try:
            if verb is None:
                raise FmError("The page asked for something unknown.", "Reload the page.")
            with self.session.lock:
                return {**head, **verb(message)}
        except FmError as error:
            near = getattr(error, "near", None)
            doubt = {"doubt": {"name": getattr(error, "name", ""), "near": near}} if near is not None else {}
            return {
                **head,
                "problem": error.cause,
                "cure": error.cure,
                "waiting": self.session.journal.waiting,
                **doubt,
            }
        except Exception as error:
            return {
                **head,
                "problem": f"{type(error).__name__}: {error}",
                "cure": "",
                "waiting": self.session.journal.waiting,
            }

    def _state(self) -> dict[str, Any]:
        s = self.session
        return {
            "version": s.version.label, "name": s.name, "kind": s.shape.kind, "labels": s.labels(), "progress": s.progress(),
            "notices": s.notices, "order": s.order.wish, "working": s.order.working, "run": s.order.ranks.by,
            "column": s.shape.column, "undo": s.states.last is not None,
        }  # fmt: skip

    def _at(self, place: int) -> dict[str, Any]:
        """Return the row at a place of the view, and how many there are."""
        view = self.view
        place = max(0, min(place, len(view) - 1))
        return {"at": place, "of": len(view), "row": self.session.row(view[place]) if view else None}

    def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        del message
        self._view = None
        self.session.refresh()
        return {**self._state(), **self._at(self.session.first_open(self.view))}

    def _go(self, message: dict[str, Any]) -> dict[str, Any]:
        return self._at(int(message.get("at", 0)))

    def _decide(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take a decision; the answer brings the next row that wants one."""
        self.session.decide(int(message["id"]), message.get("state"))
        at = int(message.get("at", 0))
        place = (
            self.session.first_open(self.view, at + 1)
            if message.get("next") == "open"
            else at + int(bool(message.get("next")))
        )
        return {**self._brief(), **self._at(place)}

    def _brief(self) -> dict[str, Any]:
        return {"progress": self.session.progress(), "undo": self.session.states.last is not None, "waiting": 0}

    def _undo(self, message: dict[str, Any]) -> dict[str, Any]:
        number = self.session.undo()
        if number is None:
            return {**self._brief(), **self._at(int(message.get("at", 0)))}
        if number not in self.view:
            self._view = None
        return {**self._brief(), **self._at(self.view.index(number) if number in self.view else 0)}

    def _add(self, message: dict[str, Any]) -> dict[str, Any]:
        name = self.session.add_label(str(message.get("name", "")), bool(message.get("sure")))
        return {"added": name, "labels": self.session.labels()}

    def _search(self, message: dict[str, Any]) -> dict[str, Any]:
        words, only = str(message.get("words", "")), str(message.get("only", "all"))
        plain = not words.strip() and only == "all"
        self._view = None if plain else self.session.search(words, only)
        return self._at(self.session.first_open(self.view) if plain else 0)

    def _reorder(self, message: dict[str, Any]) -> dict[str, Any]:
        """Take the new order into use; a row that somebody is at work on stays where they look."""
        current = message.get("id")
        self.session.reorder(int(current) if current is not None else None)
        if self._view is not None:
            return {**self._state(), **self._at(int(message.get("at", 0)))}
        return self._hello(message) if current is None else {**self._state(), **self._at(self.view.index(int(current)))}

    def _save(self, message: dict[str, Any]) -> dict[str, Any]:
        saved = self.labels.save(message.get("name"))
        return {"kept": saved, **self._hello(message)}

    def _settle(self, message: dict[str, Any]) -> dict[str, Any]:
        del message
        self.session.settle()
        return self._brief()


def _act_while_cells_run(comm: Any) -> None:
    """Let clicks act while a cell runs: ipykernel 7.4 answers a comm on the shell that published last, which is busy."""
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
