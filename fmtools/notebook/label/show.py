"""`Labels` in a cell: the widget, and a static summary for whoever opens the notebook without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fmtools.notebook import by_name

if TYPE_CHECKING:
    from fmtools.api.label import Labels

    from .widget import LabelWidget


def bundle(labels: Labels, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return the widget for a person at the keyboard; nbconvert and others who run notebooks alone get the summary."""
    static = {"text/html": labels.html(), "text/plain": labels.text()}
    if not getattr(labels, "opens", True) or not somebody_is_there():
        return static
    from IPython.display import display

    from .widget import LabelWidget

    widget = LabelWidget(labels)
    # An output of its own: where no kernel answers, JupyterLab shows nothing in a widget's place. The page hides it.
    shown = display(_summary(widget, static["text/html"]), raw=True, display_id=True)
    if shown is not None:
        widget.renew = lambda: shown.update(_summary(widget, labels.html()), raw=True)
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    return {"application/vnd.jupyter.widget-view+json": view, "text/plain": static["text/plain"]}


#: Named, not imported: loading the extension must stay light.
WIDGET = by_name.Widget("mimebundle_formatter", "fmtools.api.label", "Labels", bundle)


def _summary(widget: LabelWidget, html: str) -> dict[str, str]:
    return {"text/html": f'<div class="{widget.summary}">{html}</div>'}


def somebody_is_there() -> bool:
    """Say whether the cell was run by a front end that can ask its user: nbclient and nbconvert say that they cannot."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is not None and bool(getattr(kernel, "_allow_stdin", True))
