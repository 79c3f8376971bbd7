"""`%fm_tune --on ray`: each trial is a Ray task, which keeps a worker of ours on its node until the trial has ended.

Ray gives a trial its node, cores and cards; everything else is that of a search without Ray: runs of the same store (a folder that
all nodes share), the same study, the same controls. A trial ends with its task: when the driver or the cluster is gone, it
saves itself and stops, and the next driver goes on with it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from ..core.errors import FmError, WorkerError
from ..store import controls
from ..store.runs import RunFolder, home
from . import launch, on_ray

#: What a task takes along of the driver's environment, besides the store.
TAKEN = ("FMTOOLS_CACHE", "HF_HOME")


class OnRay:
    """A cluster made for the search, or one that exists."""

    ends_trials = True

    def __init__(self, on: str, jobs: int, processes: int) -> None:
        on_ray.check_address(on)
        self.on, self.jobs, self.processes = on, jobs, processes
        self._open = contextlib.ExitStack()
        self._tasks: dict[str, Any] = {}
        self._attempts: dict[str, int] = {}
        self._lost: dict[str, str] = {}

    def __enter__(self) -> OnRay:
        self._open.enter_context(on_ray.cluster(self.on, self.jobs * self.processes))
        import ray

        # A task that is lost is begun again by the driver, from its checkpoint.
        self._task = ray.remote(_trial).options(max_retries=0, **self._share())
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _share(self) -> dict[str, float]:
        """Return what each of the trials gets when as many as asked for run at the same time; a node has to hold one."""
        import ray

        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        largest = int(max((node.get("CPU", 0) for node in nodes), default=0))
        if largest < self.processes:
            raise WorkerError(
                f"No node of the Ray cluster has {self.processes} processor cores.", "Give fewer --processes."
            )
        cores = int(sum(node.get("CPU", 0) for node in nodes))
        cards = sum(node.get("GPU", 0) for node in nodes) / self.jobs
        share: dict[str, float] = {"num_cpus": max(self.processes, min(largest, cores // self.jobs))}
        # A card can be shared by trials; several for one trial are whole.
        return {**share, "num_gpus": float(int(cards)) if cards >= 1 else round(cards, 3)} if cards else share

    def start(self, run: RunFolder) -> None:
        """Give a trial to Ray, which begins it when there is room."""
        told = {
            "run": str(run.path),
            "obeyed": controls.names(run.path),
            "cwd": os.getcwd(),
            "environment": {
                "FMTOOLS_HOME": str(home()),
                **{name: os.environ[name] for name in TAKEN if name in os.environ},
            },
        }
        self._lost.pop(run.id, None)
        self._attempts[run.id] = run.attempt()
        with _reached():
            self._tasks[run.id] = self._task.remote(told)

    def holds(self, run: RunFolder) -> bool:
        """See `Place`. Raises WorkerError when the cluster is gone."""
        import ray

        if run.id not in self._tasks:
            return False
        with _reached():
            ended, _ = ray.wait([self._tasks[run.id]], timeout=0)
        if ended:
            self._lost[run.id] = _why(self._tasks.pop(run.id))
        return not ended

    def withdraw(self, run: RunFolder) -> None:
        """See `Place`."""
        import ray

        if run.id in self._tasks and run.attempt() == self._attempts[run.id]:
            with _reached():
                ray.cancel(self._tasks[run.id])

    def lost(self, run: RunFolder) -> str:
        """See `Place`."""
        return self._lost.get(run.id, "")

    def expect(self) -> None:
        """See `Place`: Ray has processes of its own in reserve."""


@contextlib.contextmanager
def _reached() -> Any:
    """Say in one sentence that the cluster is gone."""
    try:
        yield
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise WorkerError(
            f"The Ray cluster no longer answers: {first}", "%fm_resume goes on with the search."
        ) from None


def _why(task: Any) -> str:
    """Return why a task that has ended did not do its work; "" when it did."""
    import ray

    try:
        return str(ray.get(task))
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return f"Ray lost the trial: {first}"


def _trial(told: dict[str, Any]) -> str:
    """Keep a worker at a trial until it has ended, inside a Ray worker; return why it could not begin, or ""."""
    if os.path.isdir(told["cwd"]):
        os.chdir(told["cwd"])
    os.environ.update(told["environment"])
    try:
        worker = launch.start(RunFolder(Path(told["run"])), obeyed=told["obeyed"], leash=True)
    except FmError as error:
        return str(error)
    while True:
        try:
            worker.process.wait()
        except KeyboardInterrupt:
            continue  # a withdrawal that came too late: the wish to stop lies in the run's controls
        worker.close()
        return ""
