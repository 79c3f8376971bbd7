"""distill and prune: a smaller copy of a trained run, taught by the run itself; the training is a run like any other."""

from __future__ import annotations

from typing import Any

from ..core.errors import OptionError
from ..core.options import DistillOptions, PruneOptions, TrainOptions
from ..runtime import launch
from ..runtime.wait import Follower
from ..store.runs import find_run, home
from . import lifecycle
from .run import Run

#: Tasks whose answers are logits over labels.
TASKS = ("text-classification", "token-classification")


def distill(options: DistillOptions, follower: Follower) -> Run:
    """Make a student of fewer layers, and train it on the teacher's rows. Raises FmError."""
    run = _teacher(options.run)
    layers = options.layers or max(1, _layers(run) // 2)
    name = f"student-{layers}-{options.vocabulary}"
    return _train(run, options, follower, name, {"layers": layers, "vocabulary": options.vocabulary})


def prune(options: PruneOptions, follower: Follower) -> Run:
    """Take neurons or weights out of every layer, and train what is left on the rows of the run. Raises FmError."""
    run = _teacher(options.run)
    name = f"pruned-{options.method}-{round(100 * options.amount)}-{options.vocabulary}"
    return _train(run, options, follower, name, {options.method: options.amount, "vocabulary": options.vocabulary})


def _teacher(name: str) -> Run:
    run = Run(find_run(name))
    record = run.trained().record
    if record.task not in TASKS:
        raise OptionError(f"A run that learned {record.task} cannot teach.", f"These can: {', '.join(TASKS)}.")
    return run


def _layers(run: Run) -> int:
    """Return how many layers a run's model has, from its configuration."""
    from ..store.files import read_json

    said = read_json(run.path / "artifacts" / "model" / "config.json")
    return int({**said, **(said.get("encoder") or {})}.get("num_hidden_layers") or 2)


def _train(
    run: Run, options: DistillOptions | PruneOptions, follower: Follower, name: str, wish: dict[str, Any]
) -> Run:
    record = run.trained().record.model_dump(mode="json")
    made = launch.ask("student", record=record, path=str(run.path), root=str(home()), name=name, wish=wish)
    asked: dict[str, Any] = {
        "from_": run.id,
        "model": made["path"],
        "teacher": run.id,
        "temperature": options.temperature,
        "pooling": made["pooling"],
        "epochs": options.epochs,
        "max_steps": options.max_steps,
        "method": "full",
        "from_scratch": False,
        "name": options.name or f"{run.name}-{name}",
        "background": options.background,
    }
    if options.learning_rate is not None:
        asked["learning_rate"] = options.learning_rate
    training = TrainOptions.parse(asked)
    training.asked_as(options.command)
    found = lifecycle.train(training, follower)
    assert isinstance(found, Run)
    return found
