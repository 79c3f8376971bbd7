"""What earlier drivers of a search have left: trials that are over, trials that were begun, weights nobody needs."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

from ..core.search import SearchRecord, TrialState, TrialStatus
from ..store.runs import RunFolder, home
from .search_study import Study, distribution
from .search_trials import TrialRun

if TYPE_CHECKING:
    import optuna

_NAMES: dict[str, TrialStatus] = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed"}


def remembered(study: Study, record: SearchRecord) -> tuple[list[TrialState], list[optuna.Trial]]:
    """Return (the trials that are over, those that were begun and are to be gone on with), both by number."""
    begun = [_whole(trial, record) for trial in study.open()]
    numbers = {trial.number for trial in begun}
    return [_state(frozen, record) for frozen in study.trials() if frozen.number not in numbers], begun


def _whole(trial: optuna.Trial, record: SearchRecord) -> optuna.Trial:
    """Choose the options that a driver, killed between two of them, had not chosen yet."""
    for dimension in record.space:
        trial._suggest(dimension.name, distribution(dimension))
    return trial


def _state(frozen: optuna.trial.FrozenTrial, record: SearchRecord) -> TrialState:
    facts: dict[str, Any] = frozen.user_attrs.get("facts", {})
    run = frozen.user_attrs.get("run", "")
    state = _NAMES[frozen.state.name]
    return TrialState(
        number=frozen.number,
        state=state,
        options=facts.get("options", frozen.params),
        values=list(frozen.values or ()) if state == "done" else [],
        reports=sorted(frozen.intermediate_values.items()),
        run=run,
        name=f"{record.name}/trial-{frozen.number}" if run else "",
        cause=facts.get("cause", ""),
        seconds=facts.get("seconds", 0.0),
    )


def run_of(trial: optuna.Trial) -> RunFolder | None:
    """Return the run of a trial; None when its driver was killed before there was one."""
    known = trial.user_attrs.get("run")
    folder = RunFolder(home() / "runs" / known) if known else None
    return folder if folder is not None and folder.path.is_dir() else None


def wait_until_left(watched: TrialRun, seconds: float = 10.0) -> None:
    """Wait for a worker that has said its last word and is about to exit."""
    deadline = time.monotonic() + seconds
    while not watched.left() and time.monotonic() < deadline:
        time.sleep(0.05)


def drop_weights(run: RunFolder) -> bool:
    """Take checkpoints and model of a trial from the disk, unless a worker is still there; say whether it was done."""
    if run.alive():
        return False
    for folder in (run.path / "checkpoints", run.path / "artifacts"):
        for path in folder.glob("*"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return True
