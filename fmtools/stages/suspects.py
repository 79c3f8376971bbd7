"""judge: which labels are likely wrong, and what the model would say instead. Runs in the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.options import PredictOptions


def judge(
    texts: list[str],
    labels: list[int],
    names: list[str],
    folder: str,
    seed: int,
    run: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return for each text {"best", "score", "second", "second_score", "quality"} as lists, and "issues", worst first.

    `labels` are indices into `names`, -1 for none. `folder`: a frozen encoder, "" for letters alone. `run`: {"task",
    "folder", "inputs", "unseen"}: a trained model, and the rows it has not trained on, which it judges by itself.
    """
    import numpy as np

    from ..kit.labelling import suspects

    given = np.asarray(labels, np.int64)
    told = _run_probabilities(run, names) if run else None
    unseen = np.asarray(run["unseen"], np.int64) if run else np.zeros(0, np.int64)
    if told is not None and len(unseen) == len(texts):
        probabilities = told
    else:
        probabilities = suspects.in_mean(_views(texts, folder), given, len(names), seed)
        if told is not None:
            probabilities[unseen] = told[unseen]
    found = suspects.judge(probabilities, given)
    suggested = suspects.judge(told, given) if told is not None else found
    return {
        "best": suggested.best.tolist(),
        "score": suggested.score.round(4).tolist(),
        "second": suggested.second.tolist(),
        "second_score": suggested.second_score.round(4).tolist(),
        "quality": [None if q != q else round(q, 6) for q in found.quality.tolist()],
        "rival": found.best.tolist(),
        "rival_score": found.score.round(4).tolist(),
        "issues": found.issues,
    }


def _views(texts: list[str], folder: str) -> list[Any]:
    """Return what is known of the texts: runs of letters, and an encoder's vectors where there is one."""
    from ..kit.labelling import suspects
    from ..kit.models import encoders, frozen

    letters = suspects.text_vectors(texts)
    if not folder:
        return [letters]
    model, tokenizer = encoders.load_base(folder), encoders.load_tokenizer(folder)
    return [letters, frozen.embed(model, tokenizer, texts, encoders.pooling_of(folder))]


def _run_probabilities(run: dict[str, Any], names: list[str]) -> Any:
    """Return the run's probabilities [rows, names]; labels that the run does not know get none."""
    import numpy as np

    plugin: Task = registry.get("tasks", run["task"])
    answers = plugin.predict(plugin.load(Path(run["folder"])), run["inputs"], PredictOptions.parse({"top": 1000}))
    numbers = {name: n for n, name in enumerate(names)}
    found = np.zeros((len(answers), len(names)))
    for row, answer in enumerate(answers):
        for one in answer["top"]:
            if one["label"] in numbers:
                found[row, numbers[one["label"]]] = one["score"]
    return found


def entities(task: str, folder: str, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return {"entities": [[{"entity_group", "score", "start", "end"}, ...], ...]}: what a run finds in each row."""
    plugin: Task = registry.get("tasks", task)
    answers = plugin.predict(plugin.load(Path(folder)), inputs, PredictOptions.parse({}))
    keys = ("entity_group", "score", "start", "end")
    return {"entities": [[{key: found[key] for key in keys} for found in answer["entities"]] for answer in answers]}
