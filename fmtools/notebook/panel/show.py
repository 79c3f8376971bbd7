"""`Panel` in a cell: the form, and under it a place that shows the line to a reader without a kernel, later the run's card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fmtools.notebook import by_name
from fmtools.notebook.label.show import somebody_is_there

if TYPE_CHECKING:
    from fmtools.api.panel import Panel


def show(panel: Panel) -> None:
    """Show the form to a person at the keyboard; who runs notebooks alone gets the line it begins with."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if not somebody_is_there():
        display(static(panel.values), raw=True)
        return
    from .widget import PanelWidget

    shell = get_ipython()
    widget = PanelWidget(panel, shell.user_ns if shell is not None else {})
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": "fm_panel"}, raw=True)
    # An output of its own: it stays in the saved notebook, and a run's card in it follows its run without a kernel.
    widget.place = display(static(panel.values, widget.summary), raw=True, display_id=True)
    widget.begin()


#: Named, not imported: loading the extension must stay light.
WIDGET = by_name.Widget("ipython_display_formatter", "fmtools.api.panel", "Panel", show)


def static(values: dict[str, Any], name: str = "") -> dict[str, str]:
    """Return what stands where no form can: the line that trains with these values. `name`: a class the page hides."""
    from fmtools.core.options import TrainOptions
    from fmtools.derive.spelling import as_line
    from fmtools.views.markup import esc

    said = as_line(TrainOptions, values)
    return {"text/html": f'<div class="{name}"><pre>{esc(said)}</pre></div>', "text/plain": said}
