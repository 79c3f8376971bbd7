"""data: look at data, keep them as a version, apply a recipe, compare versions. Works in the kernel, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..core.contracts import Dataset
from ..core.errors import DataError
from ..kit.recipes.diff import compare
from ..kit.recipes.profile import describe, examples
from ..kit.recipes.recipe import Models, Outcome, run
from ..store import versions
from ..store.versions import Version


@dataclass
class Work:
    """What became of data: the rows, the facts of their card, the version they are kept as, what each step did."""

    data: Dataset
    facts: dict[str, Any]
    version: Version | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    preview: bool = False


def look(data: Dataset, root: Path, rows: int) -> Work:
    """Describe data; what is kept has been described when it was."""
    version = versions.resolve(data.version, root) if data.version else None
    known = version.facts.get("profile") if version else None
    about = {"name": data.name, "version": data.version, "examples": examples(data, rows)}
    facts = {**(known or describe(data, rows)), **about}
    return Work(data, facts, version)


def preview(data: Dataset, steps: Sequence[Any], seed: int, models: Models, rows: int) -> Work:
    """Apply steps and keep nothing."""
    made, _, outcomes = run(data, steps, seed, models)
    made = _accounted(made, data, outcomes)
    return Work(made, describe(made, rows), None, outcomes, preview=True)


def keep(data: Dataset, root: Path, name: str, rows: int) -> Work:
    """Keep rows as they came."""
    facts = describe(data, rows)
    version = versions.save(data, root, name, recipe=_recipe_of(data, root), parent=data.version, profile=facts)
    return _kept(version, facts, [])


def apply(data: Dataset, steps: Sequence[Any], root: Path, name: str, seed: int, models: Models, rows: int) -> Work:
    """Apply steps to data, and keep the result as a version of its name; rows that are not kept yet are kept first."""
    made, recipe, outcomes = run(data, steps, seed, models)
    parent = _parent(data, root, name)
    before = _recipe_of(data, root)
    made = _accounted(made, data, outcomes)
    facts = describe(made, rows)
    account = [outcome.as_json() for outcome in outcomes]
    version = versions.save(made, root, name, [*before, *recipe], parent.reference, facts, account)
    said = [f"The rows as they came are {parent.label}."] if parent.reference != data.version else []
    return _kept(version, facts, said, outcomes)


def _kept(version: Version, facts: dict[str, Any], said: list[str], outcomes: Sequence[Outcome] = ()) -> Work:
    about = {"name": version.name, "version": version.reference}
    said = [*said, f"Kept as {version.label} ({version.hash[:6]})."]
    return Work(versions.load(version), {**facts, **about}, version, list(outcomes), said)


def _recipe_of(data: Dataset, root: Path) -> list[dict[str, Any]]:
    return versions.resolve(data.version, root).recipe if data.version else []


def _parent(data: Dataset, root: Path, name: str) -> Version:
    """Return the version the steps were applied to, kept first when they came from elsewhere."""
    return versions.resolve(data.version, root) if data.version else versions.save(data, root, name)


def _accounted(made: Dataset, data: Dataset, outcomes: Sequence[Outcome]) -> Dataset:
    """Bring the account of rows up to date: read (and made) = kept + dropped, with the step as part of the reason."""
    dropped = dict(data.dropped)
    for outcome in outcomes:
        for why, count in outcome.removed.items():
            reason = f"{outcome.step.step}: {why}"
            dropped[reason] = dropped.get(reason, 0) + count
    read = sum(data.rows.values()) + sum(data.dropped.values()) + sum(outcome.added for outcome in outcomes)
    # How many rows the splits had when they were read is no longer true.
    notices = [text for text in made.notices if not text.startswith("Splits")]
    return replace(made, read=read, dropped=dropped, notices=notices, version="")


def difference(new: str, old: str, key: str | None, root: Path) -> dict[str, Any]:
    """Return what changed from one kept version to another; see kit.recipes.diff.compare. Adds `old`, `new` and their `steps`."""
    before, after = versions.resolve(old, root), versions.resolve(new, root)
    if before.reference == after.reference:
        raise DataError(f"{new} and {old} are the same version.", "%fm_data lists the versions.")
    found = compare(_renamed(versions.load(before), before, after), versions.load(after), key)
    own = [step for n, step in enumerate(after.recipe) if n >= len(before.recipe) or before.recipe[n] != step]
    gone = [step for n, step in enumerate(before.recipe) if n >= len(after.recipe) or after.recipe[n] != step]
    return {"old": before.label, "new": after.label, **found, "steps": {"added": own, "removed": gone}}


def _renamed(data: Dataset, before: Version, after: Version) -> Dataset:
    """Give the older rows the column names that the newer recipe gave them, so that renaming alone changes no row."""
    for step in after.recipe[len(before.recipe) :]:
        if step["step"] == "rename" and set(step["names"]) <= set(data.columns):
            splits = {
                split: table.rename_columns([step["names"].get(name, name) for name in table.column_names])
                for split, table in data.splits.items()
            }
            data = replace(data, splits=splits)
    return data
