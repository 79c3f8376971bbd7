"""show: a run that is looked at. As text it says more than other runs do: what asked for it and what it has published."""

from __future__ import annotations

from typing import Any

from ..runtime import sealing
from ..store.exported import about
from .run import Artifact, Run


class ShownRun(Run):
    """A run whose text is the whole of what is known of it, artifacts included."""

    def text(self) -> str:
        """Return state, command, folder and artifacts, for a terminal."""
        from ..views.shown_run import text

        return text(self.head, str(self.path), [_facts(one) for one in self.artifacts])

    def __str__(self) -> str:
        return self.text()


def _facts(one: Artifact) -> dict[str, Any]:
    """Return what a table says of an artifact."""
    said = {"method": str(about(one.path).get("method") or ""), "encrypted": sealing.is_sealed(one.path)}
    return {**one.to_json(), **said, "metrics": one.metrics}
