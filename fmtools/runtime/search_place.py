"""Where the trials of a search run: in workers beside its driver, or on a Ray cluster."""

from __future__ import annotations

from typing import Protocol

from ..store.runs import RunFolder
from . import launch, process


class Place(Protocol):
    """What a driver needs of it. It is entered before the first trial and left after the last."""

    #: Whether trials end with the driver; else they go on by themselves when it is killed.
    ends_trials: bool

    def __enter__(self) -> Place: ...

    def __exit__(self, *_: object) -> None: ...

    def start(self, run: RunFolder) -> None:
        """Begin a trial, or go on with it. Raises FmError when that cannot be."""
        ...

    def holds(self, run: RunFolder) -> bool:
        """Say whether the place has the trial in its hands: it waits for room, or is at work."""
        ...

    def withdraw(self, run: RunFolder) -> None:
        """Take back a trial that still waits for room; one at work is asked to stop by its controls."""
        ...

    def lost(self, run: RunFolder) -> str:
        """Return why the place lost a trial that nobody asked to stop; "" when it did not."""
        ...

    def expect(self) -> None:
        """Make ready for another trial."""
        ...


class Here:
    """Worker processes on this machine."""

    ends_trials = False

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self, run: RunFolder) -> None:
        launch.start(run)

    def holds(self, run: RunFolder) -> bool:
        del run
        return False

    def withdraw(self, run: RunFolder) -> None:
        del run

    def lost(self, run: RunFolder) -> str:
        del run
        return ""

    def expect(self) -> None:
        process.warm_up()  # the next trial finds its libraries loaded


def place_of(on: str, jobs: int, processes: int) -> Place:
    """Return the place that `--on` names; `processes` are those of each trial. Raises FmError when Ray cannot be used."""
    if not on:
        return Here()
    from .search_on_ray import OnRay

    return OnRay(on, jobs, processes)
