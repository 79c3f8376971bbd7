"""What the verbs return besides Run: plain values with a picture. `to_json()` is what the command line prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.wire import RunSummary

if TYPE_CHECKING:
    import numpy as np


class Shown:
    """Base of results: html for notebooks, text for terminals, JSON for programs."""

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    def text(self) -> str:
        raise NotImplementedError

    def html(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()


@dataclass(repr=False)
class Report(Shown):
    """Scores on rows: metrics by name, the report per class, the confusion matrix (rows = truth)."""

    run: str
    split: str
    rows: int
    metrics: dict[str, float]
    report: dict[str, dict[str, float]] = field(default_factory=dict)
    confusion: dict[str, Any] = field(default_factory=dict)
    details: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "split": self.split,
            "rows": self.rows,
            "metrics": self.metrics,
            "report": self.report,
            "confusion": self.confusion,
            "details": self.details,
        }

    def text(self) -> str:
        from ..core.wire import Detail
        from ..views.details import details_text
        from ..views.tables import report_text

        said = report_text(self.metrics, self.report, f"{self.run}, {self.rows:,} {self.split} rows")
        more = details_text([Detail.model_validate(detail) for detail in self.details])
        return f"{said}\n\n{more}" if more else said

    def html(self) -> str:
        from ..core.wire import Detail
        from ..views.details import details_html
        from ..views.tables import report_html

        title = f"{self.run}, {self.rows:,} {self.split} rows"
        said = report_html(self.metrics, self.report, self.confusion, title, self.notices)
        return said + details_html([Detail.model_validate(detail) for detail in self.details], rows=50)


@dataclass(repr=False)
class Predictions(Shown):
    """One answer an input, in order, with the keys of the hub's pipelines: "label" and "score", "entities", "answer" ..."""

    rows: list[dict[str, Any]]

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def to_json(self) -> dict[str, Any]:
        return {"predictions": self.rows}

    def text(self) -> str:
        from ..views.predictions import text

        return text(self.rows)

    def html(self) -> str:
        from ..views.predictions import html

        return html(self.rows)


@dataclass(repr=False)
class AttentionMap(Shown):
    """Attention of one sentence: `weights` uint8 [layers, heads, n, n], 255 = 1.0; row = the token that looks."""

    sentence: str
    tokens: list[str]
    weights: np.ndarray
    layer: int | None
    head: int | None

    def to_json(self) -> dict[str, Any]:
        return {"text": self.sentence, "tokens": self.tokens, "attention": (self.weights / 255.0).round(3).tolist()}

    def text(self) -> str:
        layers, heads, n, _ = self.weights.shape
        return f"Attention of {n} tokens, {layers} layers, {heads} heads: {' '.join(self.tokens)}"

    def html(self) -> str:
        return ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..views.pictures import attention_png

        return {"image/png": attention_png(self.tokens, self.weights, self.layer, self.head), "text/plain": self.text()}


@dataclass(repr=False)
class RunTable(Shown):
    """The runs of a store, newest first."""

    rows: list[RunSummary]
    home: str

    def to_json(self) -> dict[str, Any]:
        return {"runs": [row.head.model_dump(mode="json") for row in self.rows], "home": self.home}

    def text(self) -> str:
        from ..views.tables import runs_text

        return runs_text(self.rows, self.home)

    def html(self) -> str:
        from ..views.tables import runs_html

        return runs_html(self.rows, self.home)


@dataclass(repr=False)
class Checkup(Shown):
    """What the doctor found: (ok, name, what was seen, what to do) a line."""

    lines: list[tuple[bool, str, str, str]]

    @property
    def ok(self) -> bool:
        return all(line[0] for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        keys = ("ok", "name", "seen", "cure")
        return {"ok": self.ok, "checks": [dict(zip(keys, line, strict=True)) for line in self.lines]}

    def text(self) -> str:
        from ..views.tables import checkup_text

        return checkup_text(self.lines)

    def html(self) -> str:
        from ..views.tables import checkup_html

        return checkup_html(self.lines)
