"""Run and Artifact: what the verbs return, read from the store each time they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import FmError
from ..core.events import ENDED, Control, ControlAction
from ..core.wire import Head
from ..runtime.wait import Follower, Silent, wait
from ..store import controls
from ..store.exported import about
from ..store.files import MANIFEST, read_json
from ..store.runs import RunFolder
from ..views.follow import RunView

if TYPE_CHECKING:
    from .results import AttentionMap, Predictions, Report


@dataclass(frozen=True)
class Artifact:
    """Something a run has published: a model folder, an export. `size` in bytes; `parent` is the id of the run that it was
    made of; `metrics` are its own, on the rows that it was compared on, for an export."""

    path: Path
    format: str
    size: int
    metrics: dict[str, float]
    parent: str

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints with --json."""
        return {"name": self.path.name, "path": str(self.path), "format": self.format, "size_bytes": self.size}


class Run:
    """A run of the store. Its properties are read from the run folder when asked, so they are true also while it works."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._view = RunView(folder)

    @property
    def view(self) -> RunView:
        """The run's log as the views see it, up to date."""
        self._view.update()
        return self._view

    @property
    def head(self) -> Head:
        return self.view.head()

    @property
    def id(self) -> str:
        return self._folder.id

    @property
    def name(self) -> str:
        return self._folder.record.name

    @property
    def path(self) -> Path:
        return self._folder.path

    @property
    def status(self) -> str:
        """queued, running, paused, stopped, interrupted, failed or done."""
        return self.head.status

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of the last evaluation, by name."""
        return self.head.metrics

    @property
    def config(self) -> dict[str, Any]:
        """The options the run was made with."""
        return self._folder.record.options

    @property
    def data_version(self) -> str:
        """NAME@HASH of the kept data the run was trained on; "" when they came from elsewhere."""
        return self._folder.record.data_version

    @property
    def history(self) -> dict[str, list[tuple[int, float]]]:
        """Every curve as (step, value) pairs: "loss", "learning_rate", "validation/accuracy" ..."""
        curves: dict[str, list[tuple[int, float]]] = {}
        for point in self.view.increment().points:
            curves.setdefault(point.series, []).append((point.step, point.value))
        return curves

    @property
    def report(self) -> dict[str, Any]:
        """Precision, recall, F1 and support per class, and their averages."""
        return self.view.increment().report

    @property
    def confusion(self) -> dict[str, Any]:
        """{"labels": [...], "matrix": [[...]]}, rows = truth."""
        return self.view.increment().confusion

    @property
    def artifacts(self) -> list[Artifact]:
        folder, found = self.path / "artifacts", []
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if (path / MANIFEST).is_file():
                size, card = int(read_json(path / MANIFEST)["bytes"]), about(path)
                metrics = {**self.metrics} if not card else dict(card.get("metrics") or {})
                found.append(Artifact(path, card.get("format", "safetensors"), size, metrics, card.get("run", self.id)))
        return found

    def trained(self) -> RunFolder:
        """Return the folder of a run that has a model. Raises FmError when it has none yet."""
        if not self._folder.model.is_dir():
            status = self.status
            cure = (
                "%fm_resume goes on with it." if status in ENDED else "Wait until it has ended, or stop it (%fm_stop)."
            )
            raise FmError(f"Run {self.name} ({status}) has no model yet.", cure)
        return self._folder

    def predict(self, text: str | list[str], top: int = 3) -> Predictions:
        """Predict one text or several; see fmtools.predict."""
        from . import predict

        return predict(self.id, text=[text] if isinstance(text, str) else text, top=top)

    def evaluate(self, data: Any = None, **options: Any) -> Report:
        """Score the run on other data, or on its own test rows; see fmtools.evaluate."""
        from . import evaluate

        return evaluate(self.id, data=data, **options)

    def attention(self, text: str, **options: Any) -> AttentionMap:
        """Show what the trained model looks at in a sentence; see fmtools.attention."""
        from . import attention

        return attention(self.id, text=text, **options)

    def resume(self, background: bool = False, epochs: str | float | None = None) -> Run:
        """Go on with the run from its newest verified checkpoint, for "+2" epochs more or 5 in all; see fmtools.resume."""
        from . import resume

        return resume(self.id, background=background, epochs=epochs)

    def pause(self) -> None:
        """Pause at the end of the step."""
        self.control("pause")

    def stop(self) -> None:
        """Stop at the end of the step, and save."""
        self.control("stop")

    def set_learning_rate(self, value: float) -> None:
        """Change the rate from the next step on."""
        self.control("set_learning_rate", value)

    def evaluate_now(self) -> None:
        """Score the validation rows at the end of the step; the training is not changed by it."""
        self.control("evaluate")

    def save_now(self) -> None:
        """Save a checkpoint at the end of the step."""
        self.control("save")

    def extend(self, epochs: float) -> None:
        """Train `epochs` longer than planned; the learning rate falls over the new length."""
        self.control("extend", epochs)

    def control(self, action: ControlAction, value: float | None = None, by: str = "notebook") -> None:
        """Write a control record. Raises FmError when nobody is there to obey it."""
        head = self.head
        begun = head.attempt == self._folder.attempt()  # a resumed run's log still ends with its last attempt's word
        if not head.alive or (begun and head.status in ENDED):
            raise FmError(f"Run {self.name} is {head.status}: there is nothing to {action.replace('_', ' ')}.", "")
        controls.add(self.path, Control(action=action, value=value, by=by))

    def wait(self, follower: Follower | None = None) -> Run:
        """Return when the run has ended."""
        follower = follower or Silent()
        follower.start(self.path)
        wait(self._folder, follower)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return what the command line prints with --json."""
        head = self.head
        return {
            "id": self.id,
            "name": self.name,
            "status": head.status,
            "path": str(self.path),
            "data": self._folder.record.data,
            "data_version": self.data_version or None,
            "metrics": head.metrics,
            "seconds": head.elapsed_seconds,
            "samples_per_second": head.samples_per_second,
            "artifacts": [a.to_json() for a in self.artifacts],
            "error": head.error or None,
        }

    def __repr__(self) -> str:
        head = self.head
        score = next((f", {name} {value:.3f}" for name, value in head.metrics.items()), "")
        return f"<Run {head.name}: {head.status}, step {head.step}/{head.total_steps}{score}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..views.card import mime_bundle

        return mime_bundle(self.view)
