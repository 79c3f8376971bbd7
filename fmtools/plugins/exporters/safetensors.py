"""safetensors: the model folder as the hub takes it, with a model card filled from the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import Runner, Subject

if TYPE_CHECKING:
    import numpy as np


class Safetensors:
    """The hub's layout: config.json, model.safetensors, tokenizer, README.md."""

    name = "safetensors"
    summary = "The hub's layout with a model card: for transformers, for sharing."
    format = "safetensors"
    tasks: tuple[str, ...] = ()
    tolerance = 1e-5

    def check(self) -> None:
        """Nothing to ask for."""

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Copy the published model, and write its card. Raises ModelError for a user's own module, which is code."""
        from ...core.errors import ModelError
        from ...kit.exporting import hub_layout, model_card

        if subject.task == "custom":
            raise ModelError(
                "A module of your own is code, which weights in safetensors do not hold.",
                "Use --to onnx or torch-export; code and weights are in the run's artifacts/model.",
            )
        hub_layout.copy_all(subject.folder, folder)
        (folder / "README.md").write_text(model_card.text(subject), encoding="utf-8")
        return {"files": {"model": hub_layout.weights(folder)}}

    def open(self, folder: Path) -> Runner:
        """Open it as the task does that fmtools would predict with."""
        import json

        import torch

        from ...core import registry
        from ...core.exporting import CARD
        from ...kit.exporting import recorded

        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        loaded = registry.get("tasks", card["task"]).load(folder)
        subject = recorded.bound(card["task"], loaded, folder, list(card["inputs"]), list(card["outputs"]))

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            given = {name: torch.from_numpy(value) for name, value in inputs.items()}
            with torch.inference_mode():
                out = recorded.call(subject, given)
            return {name: value.float().numpy() for name, value in out.items()}

        return run
