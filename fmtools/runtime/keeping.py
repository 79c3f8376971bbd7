"""`data` at work: from options to rows looked at, kept, or changed by a recipe."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import OptionError, StoreError
from ..core.options import DataOptions
from ..stages import data as loading
from ..stages import recipe
from ..store import versions
from ..store.runs import find_run, home
from . import launch

if TYPE_CHECKING:
    import numpy as np


class WorkerModels:
    """Models for recipes (kit.recipes.recipe.Models): named as everywhere, run by the worker."""

    def translate(self, model: str, texts: Sequence[str]) -> list[str]:
        """Return the translation of each text by a run or a model folder."""
        found: list[str] = launch.ask("translate", folder=_folder(model), texts=list(texts))["texts"]
        return found

    def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors [texts, width] of an encoder."""
        import numpy as np

        answer = launch.ask("embed", folder=_folder(model), texts=list(texts))
        return np.frombuffer(base64.b64decode(answer["data"]), np.float32).reshape(len(texts), answer["width"])


def _folder(model: str) -> str:
    """Return the folder of a run's model, or of a model of the catalogue, or a folder itself."""
    try:
        run = find_run(model)
    except StoreError:
        return launch.resolve(model)
    return str(run.model) if run.model.is_dir() else launch.resolve(model)


def work(options: DataOptions) -> recipe.Work:
    """Look at data, keep them, or apply a recipe, as the options say. Raises FmError; nothing is kept then."""
    root = home()
    data = launch.load(options.data, options)
    steps = [*(versions.recipe_of(options.recipe, root) if options.recipe else []), *options.steps]
    name = _name(options.name, data.name)
    if options.preview:
        return recipe.preview(data, steps, options.seed, WorkerModels(), options.rows)
    if steps:
        launch.private_folder_checked(root)
        return recipe.apply(data, steps, root, name, options.seed, WorkerModels(), options.rows)
    if options.name and not (data.version and name == data.name):
        launch.private_folder_checked(root)
        return recipe.keep(data, root, name, options.rows)
    return recipe.look(data, root, options.rows)


def _name(asked: str | None, own: str) -> str:
    """Return the name to keep data under. Raises OptionError for one that could not be found again."""
    if asked is None:
        return versions.safe_name(own)
    name = asked.strip()
    endings = {*loading.file_endings(), ".gz", ".zip"}
    if not name or versions.safe_name(name) != name or Path(name).suffix.lower() in endings:
        fit = versions.safe_name(Path(name).stem if Path(name).suffix.lower() in endings else name).replace("@", "-")
        raise OptionError(
            f"Data cannot be kept under the name {asked!r}: letters, digits, - and _ only, and no file's ending.",
            f"For example: --name {fit}",
        )
    return name


def difference(options: DataOptions) -> dict[str, Any]:
    """Return what changed between two kept versions; see stages.recipe.difference."""
    if not isinstance(options.data, str):
        raise OptionError("--diff compares what is kept.", "For example: %fm_data shop@v2 --diff shop@v1")
    return recipe.difference(options.data, str(options.diff), options.key, home())


def kept() -> list[versions.Version]:
    """Return every version of everything kept, names in order, v1 first."""
    return versions.every(home())
