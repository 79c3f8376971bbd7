"""A model card in the hub's form, filled from what a run knows of itself. What nobody measured is not claimed."""

from __future__ import annotations

from typing import Any

import yaml

from ...core.exporting import Subject

#: Metrics that the hub's index of results should show first are left as they are named here: fmtools uses the field's names.
LIMITS = {
    "text-classification": "It knows only the labels below and gives one of them to any text, also to one that fits none.",
    "token-classification": "Entities of kinds that the training rows did not mark are not found.",
    "question-answering": "It finds answers that stand in the given context, and knows nothing else.",
    "text-generation": "What it writes may be false, and repeats what its training texts contain.",
    "translation": "It is as good as the pairs it learned from; numbers and names are to be checked.",
    "summarization": "It may leave out or invent facts.",
}


def text(subject: Subject) -> str:
    """Return README.md: the hub's header in YAML, then data, figures, limits, licence and how it was trained."""
    facts, run = subject.facts, subject.training
    header = {
        "library_name": "sentence-transformers" if subject.as_dict else "transformers",
        "pipeline_tag": subject.task,
        **({"license": run["licence"]} if run.get("licence") else {}),
        **({"base_model": run["model"]} if run.get("model") else {}),
        "tags": ["fmtools"],
    }
    parts = [
        f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n\n# {run.get('name', 'model')}",
        f"{subject.task}, trained by fmtools {run.get('fmtools', '')} from `{run.get('model', '?')}`.".replace(
            "  ", " "
        ),
        _data(run),
        _figures(run),
        "## Limits\n\n"
        + LIMITS.get(subject.task, "It was scored on rows like those it was trained on, and on no others."),
        "## Licence\n\n"
        + (
            run.get("licence")
            or "The run does not know the licence of its base model: look it up before you share this."
        ),
        _options(run),
    ]
    if facts.get("labels"):
        parts.insert(3, "## Labels\n\n" + ", ".join(f"`{label}`" for label in facts["labels"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _data(run: dict[str, Any]) -> str:
    rows = ", ".join(f"{count:,} {split}" for split, count in (run.get("rows") or {}).items())
    version = f" (content {run['data_version']})" if run.get("data_version") else ""
    return f"## Data\n\n`{run.get('data', '?')}`{version}: {rows or 'rows unknown'}."


def _figures(run: dict[str, Any]) -> str:
    metrics = run.get("metrics") or {}
    if not metrics:
        return "## Figures\n\nThe run was not scored."
    lines = "\n".join(f"| {name} | {value:.4f} |" for name, value in metrics.items())
    return f"## Figures\n\nOn the {run.get('split', 'held-out')} rows, which it was not trained on.\n\n| metric | value |\n|---|---|\n{lines}"


def _options(run: dict[str, Any]) -> str:
    options = run.get("options") or {}
    kept = {k: v for k, v in options.items() if v not in (None, "", [], {}) and k not in ("data", "model", "task")}
    return "## Training\n\n```yaml\n" + yaml.safe_dump(kept, sort_keys=True, allow_unicode=True) + "```"
