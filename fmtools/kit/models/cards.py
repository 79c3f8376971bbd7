"""Cards of the models that no plug-in brings: architectures to train from nothing, and what lies in the hub's cache."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ...core import registry
from ...core.contracts import ModelCard
from ...core.options import TrainOptions
from .choosing import ANY, DERIVED, derived_memory
from .scratch import FAMILIES

#: The longest header that safetensors allows, in bytes.
HEADER = 100_000_000
#: Part of an architecture's class name -> the tasks it serves; other classes are taken for encoders.
_ENCODING = ("text-classification", "token-classification", "sentence-similarity", "question-answering")
_BY_CLASS = {
    "CausalLM": ("text-generation", "preference-tuning"),
    "LMHead": ("text-generation", "preference-tuning"),
    "ConditionalGeneration": ("translation", "summarization"),
    "MTModel": ("translation",),
    "MaskedLM": ("fill-mask", *_ENCODING),
}


def architectures() -> list[ModelCard]:
    """Return a card for each architecture of `--from-scratch`, in its usual size."""
    return [
        ModelCard(
            name=name,
            folder=None,
            summary=f"{family.summary}; trained from nothing (--from-scratch)",
            parameters=(weights := _weights(name)),
            disk_bytes=4 * weights,
            licence="yours",
            languages=(ANY,),
            tasks=family.tasks,
            suitability=dict.fromkeys(family.tasks, (1, "from your rows alone")),
            memory=derived_memory(weights, family.tasks),
            memory_basis=DERIVED,
            scratch=True,
        )
        for name, family in FAMILIES.items()
    ]


def _weights(family: str) -> int:
    """Return about how many weights an architecture has with the usual options: layers of 12 width squared, embeddings."""
    usual = {name: field.default for name, field in TrainOptions.model_fields.items()}
    width, layers = usual["width"], usual["layers"]
    a_layer = {"lstm": 8, "t5": 28, "marian": 28}.get(
        family, 12
    )  # encoder-decoders have two stacks and cross attention
    return int(usual["vocabulary"] * width + layers * a_layer * width**2)


def hub_cache() -> list[ModelCard]:
    """Return a card for each model in the hub's cache on this machine; nothing is asked of the network."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        found = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):
        return []
    cards = [card for repo in found if repo.repo_type == "model" and (card := _cached(repo))]
    return sorted(cards, key=lambda card: card.name)


def _cached(repo: Any) -> ModelCard | None:
    """Return the card of a cached model; None when the cache has no weights of it that can be used."""
    newest = max(repo.revisions, key=lambda revision: revision.last_modified, default=None)
    if newest is None or not _usable(newest.snapshot_path):
        return None
    try:
        weights = _count(newest.snapshot_path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # half a download, or no safetensors file at all
    tasks = _tasks_of(newest.snapshot_path)
    return ModelCard(
        name=repo.repo_id,
        folder=newest.snapshot_path,
        summary="in the hub cache",
        parameters=weights,
        disk_bytes=sum(file.size_on_disk for file in newest.files),
        licence="see the hub",
        languages=(),
        tasks=tasks,
        memory=derived_memory(weights, tasks),
        memory_basis=DERIVED,
    )


def _usable(path: Path) -> bool:
    return (path / "config.json").is_file() and any(path.glob("*.safetensors"))


def _count(path: Path) -> int:
    """Return how many weights a folder holds, from the headers of its safetensors files."""
    total = 0
    for file in path.glob("*.safetensors"):
        with file.open("rb") as content:
            size = int.from_bytes(content.read(8), "little")
            header = json.loads(content.read(size if size <= HEADER else 0))
        total += sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")
    return total


def _tasks_of(path: Path) -> tuple[str, ...]:
    """Return the tasks of a model's architecture, by its class's name in config.json."""
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        named = str((config.get("architectures") or [""])[0])
    except (OSError, ValueError, AttributeError, IndexError):
        return ()
    known = set(registry.names("tasks"))
    return tuple(task for task in next((v for k, v in _BY_CLASS.items() if k in named), _ENCODING) if task in known)
