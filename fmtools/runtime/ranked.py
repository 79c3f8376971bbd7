"""What one of several processes does for a run, whoever has started it: train, and say why when it cannot."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.events import ErrorEvent

#: How gloo, NCCL and torch's stores word that another process is gone: the consequence of an error, not the error.
LEFT_ALONE = (
    "Connection closed by peer", "Connection reset by peer", "Broken pipe", "Socket closed", "remote process exited",
    "NCCL communicator was aborted", "Connect timeout", "Application timeout", "Timed out waiting",
)  # fmt: skip
CURE = "%fm_resume goes on from the last checkpoint, also with another number of --processes."


@dataclass(frozen=True)
class Failure:
    """Why a process could not go on; `t` seconds since the epoch."""

    rank: int
    cause: str
    cure: str = ""
    traceback: str = ""
    t: float = 0.0

    def is_consequence(self) -> bool:
        """Say whether another process's end was the reason."""
        return any(mark in self.traceback or mark in self.cause for mark in LEFT_ALONE)


def work(folder: Path, attempt: int, obeyed: Iterable[str]) -> None:
    """Train a run as one of the processes of torch.distributed's group; rank 0 writes the log. Raises what goes wrong."""
    from ..kit.training import ranks
    from ..stages.train import train
    from ..store.runs import RunFolder
    from .context import open_context

    record = RunFolder(folder).record
    if not ranks.is_main():
        train(ranks.Quiet(folder), record)
        return
    with open_context(folder, attempt, obeyed) as context:
        context.emit(train(ranks.Main(context), record))


def of(error: Exception, rank: int) -> Failure:
    """Return the failure that an error which is being handled stands for, worded for a user."""
    from .worker import worded

    event = worded(error)
    return Failure(rank, event.cause, event.cure, event.traceback, time.time())


def keep(error: Exception, rank: int, folder: Path) -> None:
    """Leave in `folder` why this rank failed, for the process that has started it."""
    failure = of(error, rank)
    part = folder / f".rank-{rank}"
    part.write_text(json.dumps(asdict(failure)), encoding="utf-8")
    part.rename(folder / f"rank-{rank}.json")


def kept(folder: Path) -> list[Failure]:
    """Return the reasons that ranks have left."""
    return [Failure(**json.loads(path.read_text(encoding="utf-8"))) for path in folder.glob("rank-*.json")]


def first(failures: list[Failure]) -> Failure | None:
    """Return the failure that the others follow from: the earliest that is not itself a consequence."""
    return min(failures, key=lambda failure: (failure.is_consequence(), failure.t), default=None)


def report(folder: Path, attempt: int, obeyed: Iterable[str], failure: Failure) -> None:
    """Write into the run's log, which nobody else writes any more, that the run has failed."""
    from ..core.events import StatusEvent
    from .context import open_context

    said: dict[str, Any] = {"cause": failure.cause, "cure": failure.cure, "traceback": failure.traceback}
    with open_context(folder, attempt, obeyed) as context:
        context.emit(ErrorEvent(**said))
        context.emit(StatusEvent(status="failed", message=failure.cause))
