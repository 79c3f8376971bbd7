"""What `data` returns: a card of data, the list of what is kept, the difference of two versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.options.steps import step_line
from ..store.versions import Version
from .results import Shown

if TYPE_CHECKING:
    import pandas as pd


def recipe_lines(recipe: list[dict[str, Any]]) -> list[str]:
    """Return the steps of a kept recipe as they are typed."""
    return [step_line(step) for step in recipe]


def version_json(version: Version) -> dict[str, Any]:
    """Return what is known of a version, its profile and its drops aside."""
    facts = version.facts
    return {
        "name": version.name,
        "hash": version.hash,
        "version": f"v{version.ordinal}",
        "label": version.label,
        "reference": version.reference,
        "rows": version.rows,
        "created": float(facts.get("created", 0.0)),
        "from": facts.get("parent") or facts.get("origin", ""),
        "origin": facts.get("origin", ""),
        "parent": facts.get("parent", ""),
        "recipe": recipe_lines(version.recipe),
        "size": version.size,
        "path": str(version.folder),
        "fault": version.fault,
    }


@dataclass(repr=False)
class DataCard(Shown):
    """Data and what is in them. `facts`: see fmtools.kit.recipes.profile.describe; `steps`: what each step of a recipe did.

    `dataset` has the rows as Arrow tables by split, `frame()` as pandas. `version` is what they are kept as, if they are.
    """

    facts: dict[str, Any]
    dataset: Dataset
    version: Version | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    preview: bool = False

    @property
    def reference(self) -> str:
        """NAME@HASH of the kept version, to be given as data anywhere; "" when the data are not kept."""
        return self.version.reference if self.version else ""

    @property
    def label(self) -> str:
        """NAME@v2, or the name alone."""
        return self.version.label if self.version else str(self.facts["name"])

    @property
    def recipe(self) -> list[str]:
        """Every step from what was loaded to these rows, as it is typed."""
        return recipe_lines(self.version.recipe) if self.version else [step["step"] for step in self.steps]

    def frame(self, split: str | None = None) -> pd.DataFrame:
        """Return the rows of a split as a pandas frame; all of them, with a column `split`, when none is named.

        Raises DataError for a split that is not there.
        """
        import pyarrow as pa

        from ..core.errors import DataError

        tables = self.dataset.splits
        if split is not None:
            if split not in tables:
                raise DataError(f"There is no split {split!r}.", f"There are {', '.join(tables)}.")
            return tables[split].to_pandas()
        if len(tables) == 1:
            return next(iter(tables.values())).to_pandas()
        named = [
            table.append_column("split", pa.array([name] * table.num_rows, pa.string()))
            for name, table in tables.items()
        ]
        return pa.concat_tables(named, promote_options="default").to_pandas()

    def to_json(self) -> dict[str, Any]:
        kept = version_json(self.version) if self.version else None
        return {**self.facts, "kept": kept, "recipe": self.recipe, "steps": self.steps, "preview": self.preview}

    def _said(self) -> list[str]:
        if self.preview:
            return ["Preview: nothing is kept."]
        if self.version is None:
            return self.said
        parent = self.version.facts.get("parent")
        source = [f"From {parent.partition('@')[0]}@{parent.partition('@')[2][:6]}."] if parent else []
        recipe = [f"Recipe: {'; '.join(self.recipe)}"] if self.recipe and not self.steps else []
        return [*self.said, *(source if not self.steps else []), *recipe]

    def text(self) -> str:
        from ..views.data import data_text

        return data_text({**self.facts, "name": self.label}, self._said(), self.steps)

    def html(self) -> str:
        from ..views.data import data_html

        return data_html(self.facts, self._said(), self.steps, self.label)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from ..views.data_pictures import data_png

        return {"text/html": self.html(), "image/png": data_png(self.facts, self.label), "text/plain": self.text()}


@dataclass(repr=False)
class KeptTable(Shown):
    """Every version of everything that is kept in the store."""

    versions: list[Version]
    home: str

    def to_json(self) -> dict[str, Any]:
        return {"data": [version_json(version) for version in self.versions], "home": self.home}

    def text(self) -> str:
        from ..views.data_versions import kept_text

        return kept_text(self.to_json()["data"], self.home)

    def html(self) -> str:
        from ..views.data_versions import kept_html

        return kept_html(self.to_json()["data"], self.home)


@dataclass(repr=False)
class DataDiff(Shown):
    """What changed between two versions; `facts`: see fmtools.kit.recipes.diff.compare."""

    facts: dict[str, Any]

    def _steps(self) -> dict[str, list[str]]:
        return {what: recipe_lines(steps) for what, steps in self.facts["steps"].items()}

    def to_json(self) -> dict[str, Any]:
        return {**self.facts, "steps": self._steps()}

    def text(self) -> str:
        from ..views.data_versions import diff_text

        return diff_text(self.facts, self._steps())

    def html(self) -> str:
        from ..views.data_versions import diff_html

        return diff_html(self.facts, self._steps())
