"""A written model in the place of the run's own, in this process: predictions and scores of what was exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core import registry
from ...core.exporting import CARD, Runner
from . import recorded


@lru_cache(maxsize=2)
def _opened(folder: Path, stamp: int) -> tuple[dict[str, Any], Runner]:
    """Open a written model once; `stamp` changes when the folder is replaced."""
    del stamp
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card, registry.get("exporters", card.get("exporter") or card["format"]).open(folder)


@contextmanager
def answered(task: str, loaded: Any, folder: Path, stamp: int) -> Iterator[None]:
    """Let the written model in `folder` give the outputs of `loaded`; what is around it (texts, windows, scores) stays."""
    card, runner = _opened(folder, stamp)
    subject = recorded.bound(task, loaded, folder, list(card["inputs"]), list(card["outputs"]))

    def other(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = runner({name: value.cpu().numpy() for name, value in inputs.items()})
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}

    with torch.inference_mode(), recorded.answered_by(subject, other):
        yield
