"""`%fm_answer` without a question: a chat with a knowledge base. Questions are answered beside a running cell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fmtools.notebook import by_name
from fmtools.notebook.label.show import somebody_is_there
from fmtools.notebook.panel.live import live

if TYPE_CHECKING:
    from fmtools.api.knowledge import Chat


def show(chat: Chat) -> None:
    """Show the panel to a person at the keyboard; who runs notebooks alone gets what was said so far."""
    from IPython.display import display

    if not somebody_is_there():
        display({"text/html": chat.html(), "text/plain": chat.text()}, raw=True)
        return
    display(ChatWidget(chat).box)


#: Named, not imported: loading the extension must stay light.
WIDGET = by_name.Widget("ipython_display_formatter", "fmtools.api.knowledge", "Chat", show)


class ChatWidget:
    """The panel. `box` is the widget to show."""

    def __init__(self, chat: Chat) -> None:
        import ipywidgets

        from fmtools.views.language import say

        self.chat = chat
        self.shown = ipywidgets.HTML(chat.html())
        hint = say("Ask a question")
        self.entry = ipywidgets.Text(placeholder=hint, layout={"width": "600px"})
        self.button = ipywidgets.Button(description=say("Send"), button_style="primary")
        self.box = ipywidgets.VBox([self.shown, ipywidgets.HBox([self.entry, self.button])])
        # Enter comes as this message; `on_submit`, which listens to it, is deprecated.
        self.entry.on_msg(lambda _, content, __: self.send() if content.get("event") == "submit" else None)
        self.button.on_click(lambda _: self.send())
        for widget in (self.entry, self.button):
            live(widget)

    def send(self) -> threading.Thread | None:
        """Take the question out of the entry and answer it in a thread; the page is not kept waiting."""
        question = self.entry.value.strip()
        if not question or self.button.disabled:
            return None
        self.entry.value, self.button.disabled = "", True
        self.shown.value = self._html(question)
        thread = threading.Thread(target=self._answer, args=(question,), daemon=True)
        thread.start()
        return thread

    def _answer(self, question: str) -> None:
        from fmtools.core.errors import FmError
        from fmtools.views.markup import esc

        said = ""
        try:
            self.chat.ask(question)
        except FmError as error:
            said = f"<div><b>{esc(error.cause)}</b> {esc(error.cure)}</div>"
        finally:
            self.shown.value = self._html() + said
            self.button.disabled = False

    def _html(self, waiting: str = "") -> str:
        from fmtools.views.knowledge import chat_html

        return chat_html(self.chat.name, self.chat.to_json()["answers"], waiting)
