"""follow: hand a run's curves to another tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import FmError, OptionError
from ..core.options import FollowOptions
from ..runtime import follow as following
from ..runtime.wait import Follower
from ..store import followers
from ..store.runs import RunFolder, find_run
from .results import Shown

#: Seconds that the curves of an ended run may take to reach a tool.
PATIENCE = 300.0


@dataclass(repr=False)
class Followers(Shown):
    """Who follows a run: {"name", "state", "place", "line", "points"} each; `line` is what to type to look."""

    run: str
    rows: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        return {"run": self.run, "followers": self.rows}

    def text(self) -> str:
        from ..views.followers import text

        return text(self.run, self.rows)

    def html(self) -> str:
        from ..views.followers import html

        return html(self.run, self.rows)


def follow(options: FollowOptions, follower: Follower) -> Followers:
    """Start a follower of a run for each tool; of a run that has ended, return when the tools have all of it."""
    del follower
    run = find_run(options.run)
    if options.place is not None and len(options.to) > 1:
        raise OptionError("--place is for one tool.", "Call %fm_follow once for each.")
    following.check(options.to)
    ended = not run.alive()
    started = {name: following.start(run, name, options.place) for name in options.to}
    if ended:
        for name, process in started.items():
            process.wait(PATIENCE)
            _refuse_failure(run, name)
    return Followers(run.record.name, [_row(run, name, options.place, ended) for name in options.to])


def _refuse_failure(run: RunFolder, name: str) -> None:
    state = followers.states(run.path).get(name, {})
    if state.get("state") == "failed":
        followers.complaints(run.path)  # said here, and not again in the log of a resume
        raise FmError(
            f"{name} could not be told of {run.record.name}: {state.get('error')}",
            f"followers/{name}.log in the run's folder has the details.",
        )


def _row(run: RunFolder, name: str, wanted: str | None, ended: bool) -> dict[str, Any]:
    from ..core import registry

    state = followers.states(run.path).get(name, {}) if ended else {"state": "following"}
    place = following.place_of(run, name, wanted)
    line = registry.get("followers", name).line(place)
    return {
        "name": name,
        "state": state.get("state", "following"),
        "place": place,
        "line": line,
        "points": state.get("points", 0),
    }
