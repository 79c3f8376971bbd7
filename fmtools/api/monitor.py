"""monitor: what a model server has seen - requests, latency, errors, and drift against what its model was made for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core.options import MonitorOptions
from ..runtime import monitor as watching
from ..runtime.wait import Follower
from ..store.samples import read
from ..store.services import find_service
from .results import Shown


@dataclass(repr=False)
class Monitored(Shown):
    """A look at a server. `facts`: counts, points over time and drift, as plain JSON."""

    name: str
    status: str
    facts: dict[str, Any]

    @property
    def alarms(self) -> list[str]:
        """What needs a person: drift, and errors. Empty when all is well."""
        from ..views.monitor import alarms

        return alarms(self.facts)

    @property
    def drift(self) -> dict[str, dict[str, Any]]:
        """PSI, p and shares by kind: label, score, length, script, words; empty without anything to compare with."""
        return {one["kind"]: one for one in self.facts["drift"]}

    @property
    def sample(self) -> list[dict[str, Any]]:
        """The newest day's kept texts, de-identified, each with its prediction; empty without --keep-sample."""
        path = self.facts["sample"].get("path")
        return read(Path(path).parent, Path(path).stem).rows if path else []

    def to_json(self) -> dict[str, Any]:
        from ..views.monitor import numbers

        kept = {name: self.facts[name] for name in ("texts", "reference", "drift", "damaged", "sample")}
        return {"name": self.name, "status": self.status, **numbers(self.facts), **kept, "alarms": self.alarms}

    def text(self) -> str:
        from ..views.monitor import text

        return text(self.name, self.status, self.facts)

    def html(self) -> str:
        from ..views.monitor import html

        return html(self.name, self.status, self.facts, self.png)

    @cached_property
    def png(self) -> bytes:
        """Requests, latency and predicted labels over time; reference and present of what is compared."""
        from ..views.monitor_pictures import png

        return png(self.facts)

    def _repr_png_(self) -> bytes:
        return self.png


def monitor(options: MonitorOptions, follower: Follower) -> Monitored:
    """Look at a server, one that has ended too. Raises FmError when there is none of that name."""
    del follower
    service = find_service(options.name)
    facts = watching.watch(service, options)
    return Monitored(service.record.name, str(service.state["status"]), facts)
