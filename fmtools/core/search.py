"""What is known of a search: asked for (SearchRecord, written once) and how it stands (SearchState, replaced as it goes)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .options.space import Dimension

TrialStatus = Literal["waiting", "running", "stopped", "done", "pruned", "failed"]
#: Trials that will not be touched again.
OVER: frozenset[str] = frozenset({"done", "pruned", "failed"})


class Goal(BaseModel):
    """A metric of the validation rows or a cost, and whether lower is better."""

    name: str
    lower: bool = False

    def better(self, value: float, than: float) -> bool:
        return value < than if self.lower else value > than


class SearchRecord(BaseModel):
    """search.json: what was asked for. `told` are the options of every trial, `template` the run.json of a trial;
    `eval_share` evaluations are asked of a trial that would have fewer, whose progress counts in `rungs`; `on`: the Ray
    cluster where trials run, "" for this machine."""

    model_config = ConfigDict(extra="allow")
    schema_version: int = 1
    id: str
    name: str
    created: float
    command: str = ""
    told: dict[str, Any] = {}
    names: dict[str, str] = {}
    template: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    packed: bool = False
    space: list[Dimension] = []
    goals: list[Goal] = []
    metric: str = ""
    sampler: str = "tpe"
    pruner: str = "median"
    weights: str = "best"
    seed: int = 42
    trials: int = 20
    seconds: float | None = None
    jobs: int = 1
    on: str = ""
    eval_share: int = 0
    rungs: int = 4
    notices: list[str] = []


class TrialState(BaseModel):
    """One trial: `options` what its run was told besides the others, `values` one a goal, `reports` (rung, value)."""

    number: int
    state: TrialStatus
    options: dict[str, Any] = {}
    values: list[float] = []
    reports: list[tuple[int, float]] = []
    run: str = ""
    name: str = ""
    cause: str = ""
    seconds: float = 0.0


class SearchState(BaseModel):
    """state.json: how a search stands. `best`: trial numbers, the front when there are two goals; `elapsed` in
    seconds; `wanted` trials, `seconds` and `on` as a resume asked for them, where it did."""

    status: Literal["queued", "running", "stopped", "interrupted", "failed", "done"] = "queued"
    message: str = ""
    cause: str = ""
    cure: str = ""
    trials: list[TrialState] = []
    best: list[int] = []
    importance: dict[str, float] = {}
    elapsed: float = 0.0
    wanted: int = 0
    seconds: float | None = None
    on: str | None = None

    @property
    def standing(self) -> dict[int, str]:
        """The state of each trial, by number."""
        return {trial.number: trial.state for trial in self.trials}

    def counted(self, *states: str) -> int:
        """Return how many trials are in one of these states."""
        return sum(trial.state in states for trial in self.trials)


def front(trials: list[TrialState], goals: list[Goal]) -> list[int]:
    """Return the numbers of the finished trials that no other beats: one with one goal (the first of equals)."""
    done = [trial for trial in trials if trial.state == "done" and len(trial.values) == len(goals)]
    signed = {trial.number: [v if g.lower else -v for v, g in zip(trial.values, goals, strict=True)] for trial in done}
    if len(goals) == 1:
        return [min(signed, key=lambda number: (signed[number][0], number))] if signed else []
    found = [n for n, mine in signed.items() if not any(_beats(other, mine) for other in signed.values())]
    return sorted(found, key=lambda number: signed[number])


def _beats(other: list[float], mine: list[float]) -> bool:
    return other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
