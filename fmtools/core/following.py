"""What a follower plug-in must look like: a tool that is told of a run's curves, see contracts.py for the other shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Followed:
    """A run as a follower's tool gets to know it. `place`: where the tool writes, as `Follower.place` gave it."""

    id: str
    name: str
    task: str
    model: str
    data: str
    place: str
    created: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowPoint:
    """One point of a curve: `series` is "train/loss", "validation/accuracy", "test/f1" ...; `t` in seconds since the epoch.
    NaN and infinities are values like any other."""

    series: str
    step: int
    value: float
    t: float


class FollowSink(Protocol):
    """One run in one tool, open for writing. Whatever it raises is a notice, never the end of the training."""

    #: The (series, step) pairs that the tool holds of this run from before: they are not written again.
    known: set[tuple[str, int]]

    def points(self, points: list[FollowPoint]) -> None:
        """Write points, in order, and return when the tool has them for good."""
        ...

    def text(self, title: str, step: int, text: str) -> None:
        """Write what a model wrote, where the tool shows texts."""
        ...

    def cut(self, step: int) -> bool:
        """Take back what lies after `step` (a run was resumed from there); False when the tool cannot."""
        ...

    def restart(self) -> None:
        """Forget everything of this run: it is written anew. Called where `cut` cannot."""
        ...

    def end(self, status: str, metrics: dict[str, float]) -> None:
        """The run has ended, for now: it may be resumed."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Follower(Protocol):
    """A tool that is told of a run's curves by a process of its own, which reads the log. Only `check` and `open` import it."""

    name: str
    summary: str

    def check(self) -> None:
        """Raise OptionError with the install line when the tool is not there."""
        ...

    def place(self, wanted: str | None, own: Path, home: Path) -> str:
        """Return where to write: `wanted` by the user, else in the run's `own` folder or in the store's `home`."""
        ...

    def line(self, place: str) -> str:
        """Return what a user types to look."""
        ...

    def open(self, run: Followed) -> FollowSink:
        """Begin, or go on after a follower that was killed: no point may be missing or there twice."""
        ...
