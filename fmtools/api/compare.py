"""compare: runs side by side, and whether one of them is really better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.errors import FmError
from ..core.options import CompareOptions
from ..runtime import compare as tests
from ..runtime.wait import Follower
from ..store.runs import find_run
from .results import Shown
from .run import Run

Curve = tuple[list[int], list[float]]
#: Options that say nothing about what was learned.
BESIDE = ("name", "from_", "follow")


@dataclass(repr=False)
class Comparison(Shown):
    """Runs side by side: options and versions that differ, last metrics, overlaid curves (series -> one a run), and the
    paired tests of the best run against each other: {"tests": [...], "said": [...]} as kit.scoring.significance.against_best."""

    names: list[str]
    options: dict[str, list[Any]]
    metrics: dict[str, list[float | None]]
    curves: dict[str, list[Curve]]
    versions: dict[str, list[Any]] = field(default_factory=dict)
    significance: dict[str, Any] = field(default_factory=dict)

    @property
    def _parts(self) -> dict[str, Any]:
        names = ("options", "metrics", "versions", "significance")
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, Any]:
        from ..views.compared import told

        curves = {
            series: [{"steps": steps, "values": values} for steps, values in lines]
            for series, lines in self.curves.items()
        }
        return {"runs": self.names, **self._parts, "curves": curves, "told": told(self.significance)}

    def text(self) -> str:
        from ..views.compared import text

        return text(self.names, self._parts)

    def html(self) -> str:
        from ..views.compared import html

        return html(self.names, self._parts, self.curves)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..views.compared import png

        return {"text/plain": self.text(), "text/html": self.html(), "image/png": png(self.names, self.curves)}


def compare(options: CompareOptions, follower: Follower) -> Comparison:
    """Lay runs side by side and test them; raises FmError when none of them has a curve that was asked for."""
    del follower
    found = [Run(find_run(word)) for word in options.runs]
    scores = [run.metrics for run in found]
    return Comparison(
        _names(found),
        _differing([{k: v for k, v in run.config.items() if k not in BESIDE} for run in found]),
        {name: [score.get(name) for score in scores] for name in dict.fromkeys(n for s in scores for n in s)},
        _curves(found, options.series),
        _differing([run.view.run.record.versions for run in found]),
        _tested(found) if options.test else {},
    )


def _names(found: list[Run]) -> list[str]:
    """Return the runs' names; those that share one get the end of their id."""
    names = [run.name for run in found]
    return [f"{n} ({run.id[-4:].lower()})" if names.count(n) > 1 else n for n, run in zip(names, found, strict=True)]


def _differing(given: list[dict[str, Any]]) -> dict[str, list[Any]]:
    keys = sorted({key for one in given for key in one})
    rows = {key: [one.get(key) for one in given] for key in keys}
    return {key: row for key, row in rows.items() if any(value != row[0] for value in row)}


def _curves(found: list[Run], series: list[str]) -> dict[str, list[Curve]]:
    histories = [run.history for run in found]
    known = sorted({name for history in histories for name in history})
    for name in series:
        if name not in known:
            raise FmError(f"None of these runs has a curve {name!r}.", f"They have {', '.join(known) or 'none yet'}.")
    return {name: [_curve(history.get(name, [])) for history in histories] for name in series}


def _curve(points: list[tuple[int, float]]) -> Curve:
    return [step for step, _ in points], [value for _, value in points]


def _tested(found: list[Run]) -> dict[str, Any]:
    """Return the tests between those runs that have a model; the others are named."""
    trained = [run for run in found if run.view.run.model.is_dir()]
    said = [f"{run.name} has no model yet: it is not tested." for run in found if run not in trained]
    if len({run.id for run in trained}) < 2:
        return {"tests": [], "said": said}
    answer = tests.significance([run.view.run for run in trained])
    names = dict(zip([run.id for run in found], _names(found), strict=True))
    for test in answer["tests"]:
        test["better"], test["worse"] = names[test["better"]], names[test["worse"]]
    return {"tests": answer["tests"], "said": [*said, *(_named(text, names) for text in answer["said"])]}


def _named(text: str, names: dict[str, str]) -> str:
    for run_id, name in names.items():
        text = text.replace(run_id, name)
    return text
