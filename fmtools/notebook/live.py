"""The card in the cell while it runs: one display, updated, cheap enough that the training does not feel it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtools.core.options import AttachOptions, Options, PanelOptions, ResumeOptions, StopOptions, TrainOptions

if TYPE_CHECKING:
    from fmtools.api import Follower

#: Least seconds between two updates; and the share of the time that drawing pictures may take from the processor.
UPDATE, SHARE = 0.5, 0.01
SHOWN = (TrainOptions, ResumeOptions, AttachOptions, StopOptions)


class LiveCard:
    """A follower that keeps one cell output up to date.

    The lab's renderer follows the run by itself; these updates are for every other front end and for the saved notebook.
    Text and curves are cheap and come every half second, rarer as a run grows; the picture is drawn as often as SHARE
    of one processor allows.
    """

    def __init__(self, place: Any = None) -> None:
        """`place`: the handle of an output that is there already, which becomes the card."""
        self._view: Any = None
        self._output: Any = None
        self._handle: Any = place
        self._png = b""
        self._next = self._next_png = 0.0

    def start(self, run_folder: Path) -> None:
        from IPython.display import display

        from fmtools.views.opened import opened

        self._view, self._output = opened(run_folder)
        self._view.update()
        if self._handle is None:
            self._handle = display(self._bundle(), raw=True, display_id=True)
        else:
            self._handle.update(self._bundle(), raw=True)
        self._next = time.monotonic() + UPDATE

    def tick(self) -> None:
        now = time.monotonic()
        if now < self._next or not self._view.update():
            return
        self._handle.update(self._bundle(), raw=True)
        spent = time.monotonic() - now
        self._next = now + max(UPDATE, spent / SHARE / 4)

    def end(self) -> None:
        self._view.update()
        self._next_png = 0.0
        self._handle.update(self._bundle(), raw=True)

    def leaving(self) -> bool:
        """Say whether the kernel is being shut down or restarted: it marks that before it ends."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        return bool(shell is not None and shell.exit_now)

    def _bundle(self) -> dict[str, Any]:
        from base64 import b64encode

        began = time.monotonic()
        due = began >= self._next_png
        bundle = self._output(self._view, None if due else self._png)
        if due:
            self._png = bundle["image/png"]
            self._next_png = began + (time.monotonic() - began) / getattr(self._view, "share", SHARE)
        return {**bundle, "image/png": b64encode(bundle["image/png"]).decode()}


def follower_for(options: Options) -> Follower | None:
    """Return a live card for verbs that show a run; None for those whose result shows itself."""
    if getattr(options, "dry_run", False) or getattr(options, "find_lr", False):
        return None  # no run to show: the forecast, or the test, shows itself
    return LiveCard() if isinstance(options, SHOWN) and not isinstance(options, PanelOptions) else None
