"""export: a trained run as files for somebody else's runtime."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.errors import OptionError, from_os_error
from ..core.exporting import Exporter, Wrapper
from ..core.options import ExportOptions
from ..runtime import launch, sealing
from ..runtime.wait import Follower
from ..store.exported import find_exported
from ..store.runs import find_run, home
from .results import Shown
from .run import Run

#: Names under artifacts/ that a run writes itself.
TAKEN = ("model", "adapter")


@dataclass(repr=False)
class Exported(Shown):
    """A written model beside its original: `card` is its fmtools.json, `parent` the run."""

    path: Path
    format: str
    size: int
    metrics: dict[str, float]
    max_abs_diff: float
    parent: str
    card: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "format": self.format,
            "size_bytes": self.size,
            "metrics": self.metrics,
            "metrics_of_original": self.card["metrics_of_original"],
            "max_abs_diff": self.max_abs_diff,
            "rows": self.card["rows"],
            "run": self.parent,
        }

    def text(self) -> str:
        from ..views.export import text

        return text(self.card, str(self.path), self.size)

    def html(self) -> str:
        from ..views.export import html

        return html(self.card, str(self.path), self.size)


def export(options: ExportOptions, follower: Follower) -> Exported:
    """Write a run in another format. Raises FmError when it cannot be written, or does not answer like the original."""
    del follower
    exporter: Exporter = registry.get("exporters", options.to)
    exporter.check()
    word, _, part = options.run.partition("/")
    name = options.name or "-".join(filter(None, (options.to, part)))
    if name in TAKEN:
        raise OptionError(
            f"--name {name} is the run's own.", f"Leave it out: the artefact is then called {options.to}."
        )
    run = Run(find_run(word))
    folder, target = run.trained(), _target(options.save)
    if exporter.tasks and folder.record.task not in exporter.tasks:
        raise OptionError(
            f"{options.to} holds no model for {folder.record.task}.", f"It takes: {', '.join(exporter.tasks)}."
        )
    with sealing.key_if(options.encrypt, options.key_file) as key:
        card = _wrapped(options, run, exporter, name) if part else _written(options, run, name)
        path, size = Path(card.pop("path")), int(card.pop("size_bytes"))
        size = sealing.seal_artifact(path, key).size if key else size
    if target is not None:
        _copy(path, target)
    return Exported(path, card["format"], size, card["metrics"], card["max_abs_diff"], run.id, card)


def _written(options: ExportOptions, run: Run, name: str) -> dict[str, Any]:
    """Let the worker write the run's own model; return its card."""
    return launch.ask(
        "export",
        record=run._folder.record.model_dump(mode="json"),
        path=str(run.path),
        root=str(home()),
        to=options.to,
        name=name,
        rows=options.rows,
        max_diff=options.max_diff,
        training=_training(run),
    )


def _wrapped(options: ExportOptions, run: Run, exporter: Exporter, name: str) -> dict[str, Any]:
    """Let the worker put an artefact of the run (RUN/NAME) into the format, as it is; return the new card."""
    if not isinstance(exporter, Wrapper):
        raise OptionError(
            f"--to {options.to} is written from a run, not from {options.run}.", f"Name {run.name} alone."
        )
    if options.rows or options.max_diff:
        raise OptionError(
            f"{options.run} was compared with the original when it was written.", "Leave --rows and --max-diff out."
        )
    source = find_exported(options.run, home())
    if sealing.is_sealed(source):
        raise OptionError(f"{options.run} is encrypted, a bundle is not.", "%fm_protect --decrypt opens it.")
    path, training = str(run.path), _training(run)
    return launch.ask("wrap", source=str(source), path=path, to=options.to, name=name, training=training)


def _training(run: Run) -> dict[str, Any]:
    """Return what a model card says of the run."""
    record, head = run._folder.record, run.head
    return {
        "name": record.name,
        "fmtools": record.versions.get("fmtools", ""),
        "model": record.model,
        "licence": _licence(record.model),
        "data": record.data,
        "data_version": record.data_version,
        "rows": head.rows,
        "metrics": head.metrics,
        "options": record.options,
    }


def _licence(model: str) -> str:
    """Return the licence of a model of the catalogue; "" for any other."""
    if model not in registry.names("models"):
        return ""
    licence: str = registry.get("models", model).card().licence
    return licence


def _target(save: str | None) -> Path | None:
    """Return where to copy to. Raises OptionError for a place that is taken."""
    if save is None:
        return None
    target = Path(save).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OptionError(f"There is something at {target} already.", "Name a folder that is empty or not there.")
    return target


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except OSError as error:
        raise from_os_error(error, f"copy the model to {target}") from None
