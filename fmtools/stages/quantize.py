"""quantize: a smaller copy of a trained model, published only when it scores almost like the original."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import registry
from ..core.errors import ModelError
from ..core.exporting import CARD, Exporter
from ..core.optimizing import Material, Optimizer
from ..store import artifacts, datasets
from ..store.runs import RunRecord

if TYPE_CHECKING:
    from ..kit.smaller.optimized import Original

#: The format that optimized models are kept in, and the plug-in that opens them.
FORMAT = "onnx"
#: Layers that an error names.
NAMED = 3
Opened = Callable[[Path, RunRecord, Path, int], Any]


@dataclass
class Asked:
    """What the user asked for; see core.options.quantize."""

    method: str
    name: str
    rows: int
    max_loss: float
    spare: list[str] = field(default_factory=list)
    calibration: int = 128
    fuse: bool = True


def quantize(opened: Opened, record: dict[str, Any], path: str, root: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Write artifacts/NAME of a run with smaller numbers; return its card, with "path", "size_bytes" and what was measured.

    opened: how a run's model and held-out rows are opened (stages.export). Nothing is left under the name when the model
    loses more than `max_loss` points.
    """
    from ..kit.training.durable import disk_refusal

    run, wanted, began = Path(path), Asked(**asked), time.perf_counter()
    found = RunRecord.model_validate(record)
    work = _Work(opened, found, run, Path(root), wanted)
    size = artifacts.write(run, wanted.name, work.save, {"run": found.id, "format": FORMAT}, disk_refusal)
    return {
        **work.card,
        **work.seen,
        "path": str(run / "artifacts" / wanted.name),
        "size_bytes": size,
        "seconds": time.perf_counter() - began,
    }


class _Work:
    """One quantization: the graph is written and fused once, then optimized as often as it takes."""

    def __init__(self, opened: Opened, record: RunRecord, run: Path, root: Path, asked: Asked) -> None:
        from ..kit.drift import reference as drift_reference
        from ..kit.exporting import export_facts, recorded
        from ..kit.smaller import optimized

        self.asked, self.record, self.run = asked, record, run
        self.optimizer: Optimizer = registry.get("optimizers", asked.method)
        self.exporter: Exporter = registry.get("exporters", FORMAT)
        task, loaded, held, meta = opened(run, record, root, asked.rows)
        subject = recorded.record(task, loaded, held, run / "artifacts" / "model")
        seen = drift_reference.of(task, loaded, held, meta)
        subject.facts = {**export_facts.of(loaded, meta), "name": record.name, "run": record.id, **seen}
        self.original: Original = optimized.Original(task, loaded, subject, held, meta)
        train = datasets.load(record.dataset, root)[0]["train"]
        self.feeds = optimized.feeds(self.original, _some(train, asked.calibration), 8)
        #: What goes into fmtools.json, and what only the answer holds (rows of the user's must not leave with the model).
        self.card: dict[str, Any] = {}
        self.seen: dict[str, Any] = {}

    def save(self, folder: Path) -> None:
        """Fill the folder of the artefact. Raises ModelError when the model loses more than was allowed."""
        with tempfile.TemporaryDirectory(prefix=".tmp-graphs-", dir=folder.parent) as place:
            self._write(folder, Path(place))
            self._optimize_until_it_fits(folder, Path(place))
            self._time(folder, Path(place))
        (folder / CARD).write_text(json.dumps(self.card, ensure_ascii=False, indent=1), encoding="utf-8")

    def _write(self, folder: Path, place: Path) -> None:
        """Write the graph as the exporter does, keep it as plain-N.onnx, and its fused copy as fused-N.onnx."""
        from ..kit.onnx import files as onnx_files
        from ..kit.onnx import fuse as onnx_fuse

        subject = self.original.subject
        found = self.exporter.export(subject, folder)
        self.files: list[str] = [name for name in found["files"].values() if name.endswith(".onnx")]
        axes = {kind: _axes(subject, kind) for kind in ("inputs", "outputs")}
        examples = [
            {name: value.cpu().numpy() for name, value in example.items()}
            for part in subject.functions
            for example in part.examples
        ]
        self.card = {
            "schema": 1, "format": FORMAT, "exporter": FORMAT, "task": self.record.task, "method": self.asked.method,
            **axes, "data": self.record.data, **subject.facts, **found,
        }  # fmt: skip
        self.fused: dict[str, int] = {}
        for i, name in enumerate(self.files):
            plain = place / f"plain-{i}.onnx"
            onnx_files.move(folder / name, plain)
            fused = place / f"fused-{i}.onnx"
            if self.asked.fuse:
                counts = onnx_fuse.fuse(plain, fused, [*examples, *self.feeds[:2]])
                self.fused = {key: self.fused.get(key, 0) + counts.get(key, 0) for key in {*self.fused, *counts}}
            else:
                onnx_files.copy(plain, fused)

    def _optimize_until_it_fits(self, folder: Path, place: Path) -> None:
        auto = "auto" in self.asked.spare
        spared = self._known([name for name in self.asked.spare if name != "auto"], place)
        order: list[str] = []
        while True:
            self._optimize(folder, place, spared)
            if self.seen["points_lost"] <= self.asked.max_loss:
                return
            order = order or [name for name in self._damage(place) if name not in spared]
            if not auto or not order:
                raise self._refused(order)
            spared.append(order.pop(0))

    def _optimize(self, folder: Path, place: Path, spared: list[str]) -> None:
        """Optimize the fused graphs, all but the spared layers, and judge the result in a fresh process."""
        from ..kit.exporting import fresh
        from ..kit.onnx import files as onnx_files
        from ..kit.smaller import optimized

        for i, name in enumerate(self.files):
            source = place / f"fused-{i}.onnx"
            skip = frozenset[str]().union(*(nodes for layer, nodes in self._layers(source).items() if layer in spared))
            onnx_files.remove(folder / name)
            self.optimizer.optimize(source, folder / name, Material(self._taken(source), skip))
            onnx_files.strip(folder / name)
        self.card.update(spared=spared, fused=self.fused)
        (folder / CARD).write_text(json.dumps(self.card, ensure_ascii=False), encoding="utf-8")
        with fresh.opened(FORMAT, folder) as runner:
            self.seen = optimized.judge(self.original, runner, self.asked.method)
        kept = ("metrics", "metrics_of_original", "max_abs_diff", "rows", "points_lost", "agreement", "unit", "batch")
        self.card.update({key: self.seen[key] for key in kept})

    def _time(self, folder: Path, place: Path) -> None:
        from ..kit.onnx.timing import THREADS
        from ..kit.smaller import optimized

        files = {"onnx": place / "plain-0.onnx", self.asked.method: folder / self.files[0]}
        model = self.run / "artifacts" / "model"
        sizes = {
            "original": sum(path.stat().st_size for path in model.glob("*.safetensors")),
            "onnx": _bytes(place, [f"plain-{i}.onnx" for i in range(len(self.files))]),
            self.asked.method: _bytes(folder, self.files),
        }
        measured = {"threads": THREADS, "seconds": optimized.timed(self.original, files), "bytes": sizes}
        self.card["measured"] = measured

    def _damage(self, place: Path) -> dict[str, float]:
        from ..kit.onnx import layers as onnx_layers

        found: dict[str, float] = {}
        for i in range(len(self.files)):
            source = place / f"fused-{i}.onnx"
            given = Material(self._taken(source)[:4])
            found.update(onnx_layers.damage(self.optimizer, source, given, self._layers(source)))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _layers(self, source: Path) -> dict[str, frozenset[str]]:
        from ..kit.onnx import layers as onnx_layers

        return onnx_layers.layers(source, self.optimizer.operations)

    def _taken(self, source: Path) -> list[dict[str, Any]]:
        from ..kit.onnx import layers as onnx_layers

        return onnx_layers.feeds_of(source, self.feeds)

    def _known(self, spare: list[str], place: Path) -> list[str]:
        """Return the layers to spare. Raises ModelError, with the layers there are, for one that is not there."""
        known = [name for i in range(len(self.files)) for name in self._layers(place / f"fused-{i}.onnx")]
        for name in spare:
            if name not in known:
                raise ModelError(f"This model has no layer {name!r}.", f"It has {', '.join(dict.fromkeys(known))}.")
        return list(spare)

    def _refused(self, order: list[str]) -> ModelError:
        seen, method = self.seen, self.asked.method
        first = ", ".join(order[:NAMED])
        return ModelError(
            f"{method} loses {seen['points_lost']:.2g} points of {seen['main']} on {seen['rows']:,} rows; "
            f"{self.asked.max_loss:g} may be lost. It was not kept.",
            f"Most is lost in {first}: spare them (--spare {','.join(order[:NAMED])}), or --spare auto; or allow more with "
            "--max-loss."
            if order
            else "Choose another --method, or allow more with --max-loss.",
        )


def _axes(subject: Any, kind: str) -> dict[str, list[str]]:
    return {name: part.axes.get(name, []) for part in subject.functions for name in getattr(part, kind)}


def _bytes(folder: Path, names: list[str]) -> int:
    """Return the size of graphs with the weights beside them."""
    return sum(path.stat().st_size for name in names for path in (folder / name).parent.glob(Path(name).name + "*"))


def _some(rows: Any, count: int) -> Any:
    """Return at most `count` rows of an Arrow table, the same every time."""
    import numpy as np

    if rows.num_rows <= count:
        return rows
    return rows.take(np.sort(np.random.default_rng(0).choice(rows.num_rows, count, replace=False)))
