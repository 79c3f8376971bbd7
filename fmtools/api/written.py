"""Which model answers: a run's own, or one that was written of it, as RUN/NAME or as a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import StoreError
from ..core.exporting import CARD
from ..store.exported import about, exports
from ..store.runs import find_run
from .run import Run


@dataclass(frozen=True)
class Answering:
    """A run, and the folder of the written model that answers for it; "" for its own."""

    run: Run
    folder: str = ""

    @property
    def name(self) -> str:
        """How answers are headed: RUN, or RUN/NAME."""
        return f"{self.run.name}/{Path(self.folder).name}" if self.folder else self.run.name


def answering(word: str) -> Answering:
    """Return what RUN, RUN/NAME or the folder of a written model means. Raises StoreError, with what to type instead."""
    folder = Path(word).expanduser()
    if (folder / CARD).is_file():
        return Answering(Run(find_run(_parent(folder))), str(folder.absolute()))
    name, _, part = word.partition("/")
    if not part or not name:
        return Answering(Run(find_run(word)))
    run = find_run(name)
    if part == "model":
        return Answering(Run(run))
    found = [path for path in exports(run) if path.name == part]
    if not found:
        known = ", ".join(path.name for path in exports(run))
        raise StoreError(
            f"Run {run.record.name} has no artefact {part!r}.",
            f"It has: {known}." if known else f"`%fm_export {name} --to onnx` makes one.",
        )
    return Answering(Run(run), str(found[0]))


def _parent(folder: Path) -> str:
    run = about(folder).get("run")
    if not isinstance(run, str) or not run:
        raise StoreError(f"{folder} does not say which run it was written of.", "Name it as RUN/NAME.")
    return run
