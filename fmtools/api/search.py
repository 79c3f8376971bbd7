"""The verb that searches hyper-parameters, and what it returns: a Search, read from its folder each time it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FmError
from ..core.options import AttachOptions, ResumeOptions, ShowOptions, StopOptions, TuneOptions
from ..core.options.space import Dimension
from ..core.options.typed import train_line
from ..core.search import SearchState, TrialState
from ..runtime import search as work
from ..runtime.wait import Follower, Silent
from ..store.runs import open_run
from ..store.searches import SearchFolder, find_search, search_or_none
from .results import Shown
from .run import Run


class Search(Shown):
    """A search of the store. Trials are runs: `search.best.predict(...)`; `search.line()` repeats the best one."""

    def __init__(self, folder: SearchFolder) -> None:
        self._folder, self._record = folder, folder.record

    @property
    def id(self) -> str:
        return self._folder.id

    @property
    def name(self) -> str:
        return self._record.name

    @property
    def path(self) -> Path:
        return self._folder.path

    @property
    def state(self) -> SearchState:
        """Everything that is known, as of now."""
        return self._folder.state

    @property
    def status(self) -> str:
        """queued, running, stopped, interrupted, failed or done."""
        return self.state.status

    @property
    def space(self) -> list[Dimension]:
        """Where it looks."""
        return self._record.space

    @property
    def trials(self) -> list[TrialState]:
        """The trials in order: state, options, values, run id."""
        return self.state.trials

    @property
    def importance(self) -> dict[str, float]:
        """How much of the first goal's variance each option explains, as shares of 1; {} before four trials are done."""
        return self.state.importance

    @property
    def best_trial(self) -> TrialState:
        """The best trial; with two goals the best of the front by the first one. Raises FmError when none is done."""
        from ..views.search import best_of

        best = best_of(self.state)
        if best is None:
            raise FmError(f"No trial of the search {self.name} is done yet.", "%fm_attach shows how it stands.")
        return best

    @property
    def best(self) -> Run:
        """The best trial's run, with its model. Raises FmError when none is done."""
        return Run(open_run(self.best_trial.run))

    @property
    def front(self) -> list[Run]:
        """The runs that no other beats: one with one goal."""
        state = self.state
        named = {trial.number: trial.run for trial in state.trials}
        return [Run(open_run(named[number])) for number in state.best]

    @property
    def best_options(self) -> dict[str, Any]:
        """What the search chose for the best trial."""
        return dict(self.best_trial.options)

    def line(self, number: int | None = None) -> str:
        """Return the `%fm_train` line that repeats the best trial, or the trial of that number."""
        trials = {trial.number: trial for trial in self.trials}
        trial = self.best_trial if number is None else trials.get(number)
        if trial is None:
            raise FmError(f"The search {self.name} has no trial {number}.", f"It has {len(trials)}.")
        run = Run(open_run(trial.run)) if trial.run else None
        return run.head.command if run else train_line({**self._record.told, **trial.options}, self._record.names)

    def stop(self) -> None:
        """Ask it to stop; its trials are saved, and a resume goes on with them. Raises FmError when nobody is at work."""
        if not self._folder.alive():
            raise FmError(f"The search {self.name} is {self.status}: there is nothing to stop.", "")
        work.stop(self._folder)

    def resume(self, **options: Any) -> Search:
        """Go on with it: resume(trials=40) adds trials to one that is done."""
        from . import tune

        return tune(resume=self.id, **options)

    def wait(self, follower: Follower | None = None) -> Search:
        """Return when it has ended."""
        follower = follower or Silent()
        follower.start(self.path)
        work.wait(self._folder, follower)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints with --json."""
        state = self.state
        best = self.best_trial if state.best else None
        return {
            "id": self.id,
            "name": self.name,
            "status": state.status,
            "path": str(self.path),
            "goals": [goal.name for goal in self._record.goals],
            "space": [dimension.typed for dimension in self.space],
            "best": {**best.model_dump(mode="json"), "line": self.line()} if best else None,
            "front": state.best,
            "importance": state.importance,
            "trials": [trial.model_dump(mode="json") for trial in state.trials],
            "seconds": state.elapsed,
            "error": " ".join(filter(None, (state.cause, state.cure))) or None,
        }

    def text(self) -> str:
        from ..views.search import text

        line = [f"\n{self.line()}"] if self.state.best else []
        return "\n".join([text(self._record, self.state), *line])

    def html(self) -> str:
        from ..views.search import html
        from ..views.search_pictures import search_png

        state = self.state
        return html(self._record, state, search_png(self._record, state))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..views.search import SearchView, mime_bundle

        return mime_bundle(SearchView(self._folder))


@dataclass(repr=False)
class SearchPlan(Shown):
    """A search that has not begun: where it would look. A notebook shows it as sliders."""

    options: TuneOptions
    space: list[Dimension]
    search: Search | None = None

    #: A magic shows it at once.
    opens = True

    def start(self, space: list[str], **changed: Any) -> Search:
        """Begin a search in this space, in the background; raises FmError for what cannot be."""
        update = {"space": space, "background": True, "panel": False, **changed}
        options = self.options.model_copy(update=update)
        options.asked_as(self.options.command, self.options.variables)
        self.search = tune(options, Silent())
        return self.search

    def to_json(self) -> dict[str, Any]:
        return {
            "space": [dimension.typed for dimension in self.space],
            "search": self.search.id if self.search else None,
        }

    def text(self) -> str:
        return "\n".join(["A search of", *(f"  --space {dimension.typed}" for dimension in self.space)])

    def html(self) -> str:
        from ..views.markup import esc

        return f"<pre>{esc(self.text())}</pre>"


def tune(options: TuneOptions, follower: Follower) -> Any:
    """Check, make the search, search; with `background` return once its driver is at work, with `panel` a SearchPlan."""
    if options.panel:
        return SearchPlan(options, work.space_of(options))
    if options.resume:
        folder = find_search(options.resume)
        work.renew(folder, options)
    else:
        folder = work.prepare(options)
    return _work(folder, follower, options.background)


def _work(folder: SearchFolder, follower: Follower, background: bool) -> Search:
    work.start(folder)
    follower.start(folder.path)
    if background:
        follower.end()
    else:
        work.wait(folder, follower)
    return Search(folder)


def resume(options: ResumeOptions, follower: Follower) -> Search | None:
    """Go on with a search; None when no search goes by that name."""
    folder = search_or_none(options.run)
    if folder is None:
        return None
    again: Search = tune(TuneOptions.parse({"resume": folder.id, "background": options.background}), follower)
    return again


def attach(options: AttachOptions, follower: Follower) -> Search | None:
    """Show a search once, or follow it to its end; None when no search goes by that name."""
    folder = search_or_none(options.run)
    if folder is None:
        return None
    follower.start(folder.path)
    if options.wait:
        work.wait(folder, follower)
    else:
        follower.end()
    return Search(folder)


def show(options: ShowOptions, follower: Follower) -> Search | None:
    """Return an existing search; None when none goes by that name."""
    del follower
    folder = search_or_none(options.run)
    return Search(folder) if folder else None


def stop(options: StopOptions, follower: Follower) -> Search | None:
    """Stop a search and return when its trials are saved; None when no search goes by that name."""
    folder = search_or_none(options.run)
    if folder is None:
        return None
    search = Search(folder)
    search.stop()
    return search.wait(follower)


def first(
    ours: Callable[[Any, Follower], Any], of_run: Callable[[Any, Follower], Any]
) -> Callable[[Any, Follower], Any]:
    """Return a verb that takes searches as well as runs: a name that both bear means the search."""

    def either(options: Any, follower: Follower) -> Any:
        found = ours(options, follower)
        return of_run(options, follower) if found is None else found

    return either
