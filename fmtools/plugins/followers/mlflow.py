"""mlflow: runs in an MLflow tracking store - parameters, metrics, tags; a local SQLite file when none is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...core.errors import OptionError
from ...core.following import Followed, FollowPoint

EXPERIMENT = "fmtools"
#: What MLflow takes at once, and the most characters of a parameter.
BATCH, LONGEST = 1000, 500
TAG = "fmtools.run_id"


class MLflow:
    """Speaks through MlflowClient, so any tracking store will do."""

    name = "mlflow"
    summary = "An MLflow tracking store: MLFLOW_TRACKING_URI, else a local SQLite file."

    def check(self) -> None:
        """Raise OptionError without mlflow."""
        from importlib.util import find_spec

        if find_spec("mlflow") is None:
            raise OptionError("mlflow is not installed.", "pip install 'fmtools[mlflow]'")

    def place(self, wanted: str | None, own: Path, home: Path) -> str:
        """Return the tracking URI."""
        del own
        return wanted or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home / 'mlflow.db'}"

    def line(self, place: str) -> str:
        """Return the shell's line."""
        if place.startswith(("http://", "https://")):
            return place.split("@")[-1] if "@" in place else place  # a password in an address is shown to nobody
        return f"mlflow ui --backend-store-uri {place}"

    def open(self, run: Followed) -> Tracked:
        """Go on with the MLflow run that bears this run's id, or make one."""
        return Tracked(run)


def _database(place: str) -> Path | None:
    """Return the file of a SQLite store; None for any other."""
    return Path(place.removeprefix("sqlite:///")) if place.startswith("sqlite:///") else None


def _files(place: str) -> str | None:
    """Return where an experiment's files go: beside a SQLite store, and not into whatever folder this process runs in."""
    path = _database(place)
    return (path.parent / "mlflow-files").absolute().as_uri() if path else None


def _make_whole(place: str) -> None:
    """Make a SQLite store beside, and give it its name when it is whole.

    MLflow takes seconds to make one, table by table: a kill in between leaves a file that it can neither use nor mend.
    """
    path = _database(place)
    if path is None or path.exists():
        return
    from mlflow.tracking import MlflowClient

    path.parent.mkdir(parents=True, exist_ok=True)
    stage = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    stage.unlink(missing_ok=True)
    try:
        MlflowClient(tracking_uri=f"sqlite:///{stage}").search_experiments()
        try:
            os.link(stage, path)  # unlike a rename, it does not replace what another process has made meanwhile
        except FileExistsError:
            return
        except OSError:  # a file system without links
            os.rename(stage, path)
    finally:
        stage.unlink(missing_ok=True)


class Tracked:
    """One run in MLflow."""

    known: set[tuple[str, int]]

    def __init__(self, run: Followed) -> None:
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = (
            "true"  # nothing leaves the machine but what goes to the user's own store
        )
        from mlflow.tracking import MlflowClient

        _make_whole(run.place)
        self._run, self._client = run, MlflowClient(tracking_uri=run.place)
        found = self._client.get_experiment_by_name(EXPERIMENT)
        self._experiment = (
            found.experiment_id if found else self._client.create_experiment(EXPERIMENT, _files(run.place))
        )
        self.known = set()
        earlier = self._client.search_runs([self._experiment], f"tags.`{TAG}` = '{run.id}'")
        if earlier:
            self._id = earlier[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
            self.known = {(key, m.step) for key in earlier[0].data.metrics for m in self._history(key)}
        else:
            self._begin()

    def _history(self, key: str) -> Any:
        return self._client.get_metric_history(self._id, key)

    def _begin(self) -> None:
        from mlflow.entities import Param

        run = self._run
        facts = {TAG: run.id, "task": run.task, "model": run.model, "data": run.data, **run.about}
        made = self._client.create_run(
            self._experiment, start_time=int(run.created * 1000) or None, tags=facts, run_name=run.name
        )
        self._id = made.info.run_id
        given = [Param(name, str(value)[:LONGEST]) for name, value in run.options.items() if value is not None]
        for start in range(0, len(given), 100):
            self._client.log_batch(self._id, params=given[start : start + 100])

    def points(self, points: list[FollowPoint]) -> None:
        """Log metrics with their own times; NaN stays NaN."""
        from mlflow.entities import Metric

        found = [Metric(p.series, p.value, int(p.t * 1000), p.step) for p in points]
        for start in range(0, len(found), BATCH):
            self._client.log_batch(self._id, metrics=found[start : start + BATCH])

    def text(self, title: str, step: int, text: str) -> None:
        """MLflow keeps texts as files; they are in the run's folder already."""

    def cut(self, step: int) -> bool:
        """MLflow takes nothing back."""
        del step
        return False

    def restart(self) -> None:
        """Put the MLflow run into MLflow's bin, and begin another."""
        self._client.delete_run(self._id)
        self.known = set()
        self._begin()

    def end(self, status: str, metrics: dict[str, float]) -> None:
        """Close the MLflow run."""
        del metrics
        states = {"done": "FINISHED", "failed": "FAILED"}
        self._client.set_tag(self._id, "fmtools.status", status)
        self._client.set_terminated(self._id, states.get(status, "KILLED"))

    def close(self) -> None:
        """Nothing is held."""
