"""optimize: every method tried on a run, the fastest within the limits kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..core import registry
from ..core.errors import FmError
from ..core.options import OptimizeOptions, QuantizeOptions
from ..core.options.optimize import milliseconds
from ..core.options.quantize import points
from ..runtime.wait import Follower
from ..store.files import discard, publish
from ..store.runs import find_run
from .quantize import Optimized, quantize
from .results import Shown
from .run import Run

#: A method is tried whatever it loses, so that the picture shows it; the limits are asked afterwards.
ANY = "100000pt"


@dataclass(repr=False)
class Optimization(Shown):
    """What was tried: `trials`, one {"method", "size_bytes", "ms", "points_lost", "agreement", "fits", "error"} each; `best` is
    the fastest that fits, None where none does (then nothing was kept)."""

    run: str
    name: str
    latency: float | None
    max_loss: float
    trials: list[dict[str, Any]] = field(default_factory=list)
    best: Optimized | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "latency_ms": self.latency,
            "max_loss": self.max_loss,
            "trials": self.trials,
            "best": self.best.to_json() if self.best else None,
        }

    def text(self) -> str:
        from ..views.optimize import text

        return text(self.to_json(), self.name)

    def html(self) -> str:
        from ..views.optimize import html

        return html(self.to_json(), self.name, self.png)

    @cached_property
    def png(self) -> bytes:
        """Time against what is lost, with the front that nothing beats in both."""
        from ..views.optimize import png

        return png(self.to_json())

    def _repr_png_(self) -> bytes:
        return self.png


def optimize(options: OptimizeOptions, follower: Follower) -> Optimization:
    """Try the methods one by one. Raises OptionError for one that there is not."""
    run = Run(find_run(options.run))
    run.trained()
    methods = options.methods or registry.names("optimizers")
    for method in methods:
        registry.get("optimizers", method)
    limit = milliseconds(options.latency) if options.latency else None
    found = Optimization(run.id, run.name, limit, points(options.max_loss))
    best: Optimized | None = None
    for method in methods:
        asked = {"run": run.id, "method": method, "rows": options.rows, "max_loss": ANY, "name": f"trial-{method}"}
        try:
            one = quantize(QuantizeOptions.parse(asked), follower)
        except FmError as error:
            found.trials.append({"method": method, "error": error.cause, "fits": False})
            continue
        found.trials += [] if any(t["method"] == "original" for t in found.trials) else [_original(one)]
        found.trials.append(_trial(one, found))
        better = found.trials[-1]["fits"] and (best is None or _alone(one, method) < _alone(best, best.method))
        if gone := (best if better else one):
            discard(gone.path)
        best = one if better else best
    if best is not None:
        final = best.path.with_name(f"onnx-{best.method}")
        publish(best.path, final)
        found.best = replace(best, path=final)
    return found


def _trial(one: Optimized, found: Optimization) -> dict[str, Any]:
    ms, lost = _alone(one, one.method), one.card["points_lost"]
    return {
        "method": one.method,
        "size_bytes": one.card["measured"]["bytes"][one.method],
        "ms": ms,
        "points_lost": lost,
        "agreement": one.agreement,
        "fits": lost <= found.max_loss and (found.latency is None or ms <= found.latency),
    }


def _original(one: Optimized) -> dict[str, Any]:
    size = one.card["measured"]["bytes"]["original"]
    ms = _alone(one, "original")
    return {"method": "original", "size_bytes": size, "ms": ms, "points_lost": 0.0, "agreement": 1.0, "fits": False}


def _alone(one: Optimized, name: str) -> float:
    """Return the milliseconds of the smallest batch that was timed."""
    times = [t for t in one.card["measured"]["seconds"] if t["name"] == name]
    return 1000.0 * float(min(times, key=lambda t: t["batch"])["seconds"]) if times else float("inf")
