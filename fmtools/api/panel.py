"""`panel`: a training that is being tuned by hand. The form itself is drawn by the notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core import registry
from ..core.options import flag
from ..core.options.panel import PanelOptions
from ..core.tasks import task_name
from ..runtime.wait import Follower
from .results import Shown
from .run import Run


@dataclass(repr=False)
class Panel(Shown):
    """What was given so far, by option of `train`, and the runs that were started. A notebook shows it as a form."""

    values: dict[str, Any] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    #: A magic shows it at once.
    opens = True

    @property
    def run(self) -> Run | None:
        """The newest run that was started here."""
        return self.runs[-1] if self.runs else None

    def to_json(self) -> dict[str, Any]:
        plain = {n: v if isinstance(v, str | int | float | list) else type(v).__name__ for n, v in self.values.items()}
        return {"values": plain, "runs": [run.id for run in self.runs]}

    def text(self) -> str:
        rows = [f"  {flag(name)} {value}" for name, value in self.to_json()["values"].items()]
        return "\n".join(["A form that opens in a notebook, with", *rows])

    def html(self) -> str:
        from ..views.markup import esc

        return f"<pre>{esc(self.text())}</pre>"


def panel(options: PanelOptions, follower: Follower) -> Panel:
    """Return a panel that begins with what was given. Raises OptionError for a task that does not exist."""
    del follower
    task = task_name(options.task)
    registry.get("tasks", task)
    return Panel({**options.given(), "task": task})
