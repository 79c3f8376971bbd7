"""Buttons that start a run and steer it. A click writes a control record or starts a thread; nothing waits in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as w
from pydantic import ValidationError

from fmtools.core.errors import FmError
from fmtools.core.events import ENDED, ControlAction

from .live import live
from .words import say

#: Seconds between two looks at the run.
LOOK = 0.25
RATE = "A learning rate is a number above 0 and at most 10."
EPOCHS = "Say how many epochs to add: a number above 0."


class Steering:
    """Train, pause, stop, another rate, evaluate, save, extend; and a sentence about what happened.

    `train` is called in a thread with a function that is told the run as soon as there is one; it returns when the run
    needs no more looking after.
    """

    def __init__(self, train: Callable[[], Any]) -> None:
        self.can_train = False
        self.run: Any = None
        self._train = train
        self._busy = False
        self._paused = False
        self._rate = 0.0
        self._lock = threading.Lock()
        self._build()
        self.show()

    def _build(self) -> None:
        self.train = button("Train", "train", self._start, "Start the run beside the kernel", "play", "primary")
        self.pause = button("Pause", "pause", self._toggle, icon="pause")
        self.stop = button("Stop", "stop", lambda: self._wish("stop"), "Stop at the end of the step, and save", "stop")
        self.evaluate = button("Evaluate now", "evaluate", lambda: self._wish("evaluate"))
        self.save = button("Save now", "save", lambda: self._wish("save"))
        self.rate = entry("Learning rate", "rate")
        self.apply = button("Apply", "apply", self._apply)
        self.half = button("×½", "half", lambda: self._scale(0.5), "Halve the learning rate")
        self.double = button("×2", "double", lambda: self._scale(2.0), "Double the learning rate")
        self.more = entry("epochs", "more", "1")
        self.extend = button("Extend", "extend", self._extend)
        self.said = w.HTML()
        self.said.add_class("fmp-said")
        first = w.HBox([self.train, self.pause, self.stop, self.evaluate, self.save])
        self.second = w.HBox([self.rate, self.apply, self.half, self.double, self.more, self.extend])
        for row in (first, self.second):
            row.add_class("fmp-buttons")
        self.second.add_class("fmp-second")
        self.live = [self.pause, self.stop, self.evaluate, self.save, self.rate, self.apply, self.half, self.double, self.more, self.extend]  # fmt: skip
        self.widget = w.VBox([first, self.second, self.said])
        self.widget.add_class("fmp-steering")

    def show(self) -> None:
        """Let only those buttons be pressed that can do something now."""
        at_work = self.run is not None
        self.train.disabled = self._busy or at_work or not self.can_train
        for widget in self.live:
            widget.disabled = not at_work
        (self.widget.remove_class if at_work else self.widget.add_class)("fmp-idle")
        self.pause.description = say("Resume" if self._paused else "Pause")
        self.pause.icon = "play" if self._paused else "pause"
        self.rate.placeholder = f"{self._rate:.3g}" if self._rate else ""

    def say(self, sentence: str, bad: bool = False) -> None:
        """Say what happened, under the buttons."""
        from fmtools.views.markup import esc

        shown = f'<span class="{"fmp-problem" if bad else "fmp-quiet"}">{esc(sentence)}</span>' if sentence else ""
        if self.said.value != shown:
            self.said.value = shown

    def _start(self) -> None:
        if self._busy or self.run is not None or not self.can_train:
            return
        self._busy = True
        self.show()
        self.say(say("Checking the data and starting the worker …"))
        threading.Thread(target=self._work, name="fmtools-panel-run", daemon=True).start()

    def _work(self) -> None:
        try:
            self._train()
        except FmError as error:
            self.say(str(error), bad=True)
        except Exception as error:
            # There is no cell whose traceback this could be.
            self.say(f"{type(error).__name__}: {error}", bad=True)
        finally:
            self.run, self._busy = None, False
            self.show()

    def follow(self, run: Any, tick: Callable[[], None]) -> None:
        """Keep the buttons true until the run has ended; `tick` is called at each look."""
        from fmtools.views.language import say as word

        self.run = run
        while True:
            with self._lock:
                head = run.head
            tick()
            over = head.status in ENDED
            self._paused, self._rate = head.status == "paused", head.learning_rate or 0.0
            self.run = None if over else run
            self.show()
            if over:
                break
            time.sleep(LOOK)
        said = say("The run {name} is {status}.").format(name=head.name, status=word(head.status))
        self.say(f"{said} {head.error or ''}".strip(), bad=head.status == "failed")

    def _toggle(self) -> None:
        self._wish("resume" if self._paused else "pause")

    def _wish(self, action: ControlAction, value: float | None = None) -> None:
        run = self.run
        if run is None:
            return
        try:
            with self._lock:
                run.control(action, value, by="panel")
        except FmError as error:
            self.say(str(error), bad=True)
            return
        except ValidationError:
            self.say(say(EPOCHS if action == "extend" else RATE), bad=True)
            return
        names = {"evaluate": "Evaluate now", "save": "Save now", "set_learning_rate": "another learning rate"}
        what = say(names.get(action, action.capitalize()))
        self.say(say("Asked: {what}. The run obeys at the end of its step.").format(what=what))

    def _apply(self) -> None:
        self._number("set_learning_rate", self.rate, RATE)

    def _extend(self) -> None:
        self._number("extend", self.more, EPOCHS)

    def _number(self, action: ControlAction, box: Any, complaint: str) -> None:
        try:
            value = float(box.value)
        except ValueError:
            self.say(say(complaint), bad=True)
            return
        self._wish(action, value)

    def _scale(self, factor: float) -> None:
        if self._rate:
            self._wish("set_learning_rate", float(f"{self._rate * factor:.6g}"))


def button(word: str, name: str, act: Callable[[], None], tip: str = "", icon: str = "", style: str = "") -> Any:
    """Return a button whose click acts also while a cell runs."""
    made = live(w.Button(description=say(word), tooltip=say(tip) if tip else "", icon=icon, button_style=style))
    made.add_class(f"fmp-do-{name}")
    made.on_click(lambda _: act())
    return made


def entry(word: str, name: str, value: str = "") -> Any:
    """Return a small labelled entry for a number."""
    made = live(w.Text(value=value, description=say(word)))
    made.add_class(f"fmp-do-{name}")
    made.add_class("fmp-small")
    return made
