"""The study: Optuna's storage, samplers and pruners, asked and told by the driver of a search, who is its only writer."""

from __future__ import annotations

import itertools
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.options.space import Dimension
from ..core.search import SearchRecord

if TYPE_CHECKING:
    import optuna

#: Values of a range on a grid; trials before a pruner trusts its comparisons; finished trials before importance is told.
GRID_POINTS, STARTUP, ENOUGH = 4, 4, 4


class Study:
    """One search's study, opened or made. Trials in it are Optuna's, by number."""

    def __init__(self, journal: Path, record: SearchRecord) -> None:
        import optuna
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.filterwarnings("ignore", module="optuna")
        self._record = record
        mend(journal)
        backend = JournalFileBackend(str(journal))
        self._study = optuna.create_study(
            storage=optuna.storages.JournalStorage(backend),
            study_name=record.id,
            directions=["minimize" if goal.lower else "maximize" for goal in record.goals],
            pruner=_pruner(record),
            load_if_exists=True,
        )
        known = self._study.get_trials(deepcopy=False)
        self._study.sampler = _sampler(record, len(known))
        if not known:
            self._first()

    def _first(self) -> None:
        """Begin with the options as they stand: the search is never worse than they, and shows what it won."""
        known = self._record.defaults
        inside = {d.name: known[d.name] for d in self._record.space if d.name in known and d.holds(known[d.name])}
        if self._record.sampler == "grid":
            for point in grid(self._record.space):
                self._study.enqueue_trial(point)
        elif inside:
            self._study.enqueue_trial(inside)

    def ask(self) -> optuna.Trial:
        """Return the next trial, with the parameters that were chosen for it."""
        return self._study.ask({dimension.name: distribution(dimension) for dimension in self._record.space})

    def open(self) -> list[optuna.Trial]:
        """Return the trials that were begun and have not ended: those of a driver that is gone."""
        import optuna

        running = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        return [optuna.Trial(self._study, trial._trial_id) for trial in running]

    def waiting(self) -> int:
        """Return how many trials are enqueued: on a grid, what is left of it."""
        import optuna

        return len(self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,)))

    def trials(self) -> list[optuna.trial.FrozenTrial]:
        """Return all trials that were begun, in order."""
        return [t for t in self._study.get_trials(deepcopy=False) if t.state.name != "WAITING"]

    def tell(self, trial: optuna.Trial, state: str, values: list[float] | None = None) -> None:
        """End a trial as "done" (with values), "pruned" or "failed"."""
        import optuna

        states = optuna.trial.TrialState
        if state == "done":
            self._study.tell(trial, values)
        else:
            self._study.tell(trial, state=states.PRUNED if state == "pruned" else states.FAIL)

    def importance(self) -> dict[str, float]:
        """Return how much of the first goal's variance each option explains (shares of 1); {} when too little is known."""
        import optuna

        done = [trial for trial in self.trials() if trial.state.name == "COMPLETE"]
        if len(done) < ENOUGH or len(self._record.space) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=self._record.seed)
        try:
            found = optuna.importance.get_param_importances(
                self._study, evaluator=evaluator, target=lambda trial: trial.values[0]
            )
        except (ValueError, RuntimeError):  # all values equal: nothing explains anything
            return {}
        return {name: float(share) for name, share in found.items()}


def mend(journal: Path) -> None:
    """Cut off the record that a killed driver left half-written: Optuna would read nothing behind it. And its lock."""
    if not journal.is_file():
        return
    data = journal.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(journal, whole)
    for lock in journal.parent.glob(f"{journal.name}.lock*"):
        lock.unlink(missing_ok=True)


def distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    """Return a dimension as Optuna knows it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.choices:
        return CategoricalDistribution(dimension.choices)
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def grid(space: list[Dimension]) -> list[dict[str, Any]]:
    """Return every combination of the choices, and of some values spread over each range."""
    axes = [dimension.choices or _spread(dimension) for dimension in space]
    names = [dimension.name for dimension in space]
    return [dict(zip(names, point, strict=True)) for point in itertools.product(*axes)]


def _spread(dimension: Dimension) -> list[Any]:
    low, high, last = dimension.low, dimension.high, GRID_POINTS - 1
    if dimension.log:
        values = [low * (high / low) ** (i / last) for i in range(GRID_POINTS)]
    else:
        values = [low + (high - low) * i / last for i in range(GRID_POINTS)]
    if dimension.whole:
        return sorted({round(value) for value in values})
    return [min(high, max(low, float(f"{value:.3g}"))) for value in values]


def _sampler(record: SearchRecord, begun: int) -> Any:
    import optuna

    seed = record.seed + begun  # a search that goes on must not draw again what it drew at its beginning
    samplers: dict[str, Any] = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(4, min(10, record.trials // 3))),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "grid": lambda: optuna.samplers.RandomSampler(seed=seed),
        "cmaes": lambda: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
        "nsgaii": lambda: optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, min(50, record.trials // 3))),
    }
    return samplers[record.sampler]()


def _pruner(record: SearchRecord) -> Any:
    import optuna

    if record.pruner == "none" or len(record.goals) > 1:
        return optuna.pruners.NopPruner()
    if record.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=record.rungs, reduction_factor=2)
    return optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
