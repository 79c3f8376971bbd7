"""quantize: a trained run with smaller numbers, beside the run itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.errors import OptionError
from ..core.optimizing import Optimizer
from ..core.options import QuantizeOptions
from ..core.options.quantize import points
from ..runtime import launch
from ..runtime.wait import Follower
from ..store.runs import find_run, home
from .exporting import TAKEN
from .results import Shown
from .run import Run


@dataclass(repr=False)
class Optimized(Shown):
    """An optimized model beside its original. `card`: what was measured; `rows`: where they differ, to browse."""

    path: Path
    method: str
    size: int
    metrics: dict[str, float]
    agreement: float | None
    parent: str
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows that both answer differently: text, truth, original, optimized."""
        return [
            dict(zip(table["columns"], row, strict=True)) for table in self.card["details"] for row in table["rows"]
        ]

    def to_json(self) -> dict[str, Any]:
        card = self.card
        return {
            "path": str(self.path),
            "format": card["format"],
            "method": self.method,
            "size_bytes": self.size,
            "metrics": self.metrics,
            "metrics_of_original": card["metrics_of_original"],
            "points_lost": card["points_lost"],
            "agreement": self.agreement,
            "max_abs_diff": card["max_abs_diff"],
            "rows": card["rows"],
            "batch": card["batch"],
            "spared": card["spared"],
            "measured": card["measured"],
            "run": self.parent,
        }

    def text(self) -> str:
        from ..views.optimized import text

        return text(self.card, str(self.path))

    def html(self) -> str:
        from ..views.optimized import html

        return html(self.card, str(self.path), self.png)

    @cached_property
    def png(self) -> bytes:
        """Size, time and score of the original, of plain ONNX and of the optimized model."""
        from ..views.optimized_pictures import png

        return png(self.card)

    def _repr_png_(self) -> bytes:
        return self.png


def quantize(options: QuantizeOptions, follower: Follower) -> Optimized:
    """Quantize a run. Raises FmError when the method cannot, or when the result loses more than --max-loss."""
    del follower
    optimizer: Optimizer = registry.get("optimizers", options.method)
    optimizer.check()
    name = options.name or f"onnx-{options.method}"
    if name in TAKEN:
        raise OptionError(f"--name {name} is the run's own.", f"Leave it out: it is then called onnx-{options.method}.")
    run = Run(find_run(options.run))
    folder = run.trained()
    asked = {
        "method": options.method,
        "name": name,
        "rows": options.rows,
        "max_loss": points(options.max_loss),
        "spare": options.spare,
        "calibration": options.calibration,
        "fuse": options.fuse,
    }
    record = folder.record.model_dump(mode="json")
    card = launch.ask("quantize", record=record, path=str(folder.path), root=str(home()), asked=asked)
    path, size = Path(card.pop("path")), int(card.pop("size_bytes"))
    return Optimized(path, options.method, size, card["metrics"], card["agreement"], run.id, card)
