"""compare in the worker: what runs did on the same rows, and whether one is better than another or was lucky."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import registry
from ..core.errors import FmError, ModelError
from ..store import datasets, outcomes
from ..store.files import fault_in

if TYPE_CHECKING:
    from ..kit.scoring.significance import Outcomes

AT_ONCE = 64


def significance(runs: list[dict[str, str]], root: str) -> dict[str, Any]:
    """Test runs against the best of them. `runs`: {"name", "task", "path", "reference"}.

    Returns {"tests": [...], "said": [sentences about what could not be tested]}; tests as kit.scoring.significance.against_best.
    """
    keys = [_key(run, Path(root)) for run in runs]
    common, count = Counter(keys).most_common(1)[0]
    if count < 2:
        return {
            "tests": [],
            "said": ["These runs were scored on different rows: their figures cannot be tested against each other."],
        }
    chosen = [run for run, key in zip(runs, keys, strict=True) if key == common]
    said = [
        f"{run['name']} was scored on other rows, and is left out of the tests."
        for run, key in zip(runs, keys, strict=True)
        if key != common
    ]
    found = []
    for run in chosen:
        try:
            found.append(_outcomes(run, Path(root)))
        except FmError as error:
            return {"tests": [], "said": [*said, f"Not tested: {run['name']} cannot be scored again ({error.cause})"]}
    return _tested([run["name"] for run in chosen], found, said)


def _tested(names: list[str], found: list[Outcomes | None], said: list[str]) -> dict[str, Any]:
    from ..kit.scoring import significance as tests

    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return {"tests": [], "said": [*said, "What these models did on each row is not known: no test."]}
    why = next((why for one in known[1:] if (why := tests.comparable(known[0], one))), "")
    if why:
        return {"tests": [], "said": [*said, f"The runs cannot be tested against each other: {why}."]}
    return {"tests": tests.against_best(names, known), "said": said}


def _key(run: dict[str, str], root: Path) -> str:
    folder = datasets.folder_of(run["reference"], root)
    return f"{run['task']} {outcomes.rows_key(folder, _split(run, root))}"


def is_kept(run: dict[str, str], root: Path) -> bool:
    """Say whether what a run's model did on each row lies in the store: no model has to answer then."""
    return outcomes.load(Path(run["path"]), _split(run, root)) is not None


def _split(run: dict[str, str], root: Path) -> str:
    """Return the split that a run's last evaluation is of."""
    folder = datasets.folder_of(run["reference"], root)
    return "test" if (folder / "test.arrow").is_file() else "validation"


def _outcomes(run: dict[str, str], root: Path) -> Outcomes | None:
    """Return what was kept, else let the model answer again. Raises ModelError for a damaged model."""
    from ..kit.scoring.significance import Outcomes

    path, split = Path(run["path"]), _split(run, root)
    kept = outcomes.load(path, split)
    if kept is not None:
        return Outcomes(stats=kept[0], **kept[1])
    return _again(run, path, split, root)


def _again(run: dict[str, str], path: Path, split: str, root: Path) -> Outcomes | None:
    from ..kit.scoring import row_outcomes

    model = path / "artifacts" / "model"
    fault = fault_in(model)
    if fault:
        raise ModelError(f"its model is damaged: {fault}.", "")
    splits, meta = datasets.load(run["reference"], root)
    task = registry.get("tasks", run["task"])
    if not hasattr(task, "outcomes"):
        return None  # no need to let the model answer
    outputs, truth = task.outputs(task.load(model), splits[split], AT_ONCE)
    found = row_outcomes.of(task, outputs, truth, meta)
    if found is not None:
        outcomes.keep(path, split, found.stats, found.facts)
    return found
