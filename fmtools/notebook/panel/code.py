"""The line that does what the form says, with buttons that put it into a cell or onto the clipboard."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from .words import say

STATIC = Path(__file__).parent / "static"
SAID = (
    "line", "cell", "Python", "Insert as a cell", "Copy", "Copied.", "Inserted below.", "Copied: paste it into a cell.",
    "It could not be copied: select the text.",
)  # fmt: skip


class Code(anywidget.AnyWidget):
    """Shows the options as a line, a cell and a call. Its buttons need no kernel: they act on the page alone.

    "Insert" asks the lab's extension by an event of the page, because a widget has no way to a notebook's cells; where
    nobody listens (another front end) the text is copied. `hidden`: a class whose elements are not shown while this is.
    """

    _esm = (STATIC / "code.js").read_text("utf-8")
    _css = (STATIC / "panel.css").read_text("utf-8")
    forms = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    hidden = traitlets.Unicode("").tag(sync=True)

    def __init__(self, hidden: str) -> None:
        super().__init__(words={word: say(word) for word in SAID}, hidden=hidden)
