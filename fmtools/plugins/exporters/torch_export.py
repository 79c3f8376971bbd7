"""torch-export: torch's own exported program, which runs without the class that made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import Runner, Subject

if TYPE_CHECKING:
    import numpy as np


class TorchExport:
    """model.pt2, one a function: `torch.export.load(path).module()(input_ids, attention_mask, ...)`."""

    name = "torch-export"
    summary = "torch.export (.pt2): for torch without the model's class, for compilers."
    format = "torch-export"
    tasks: tuple[str, ...] = ()
    tolerance = 1e-4

    def check(self) -> None:
        """Nothing to ask for."""

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write a program a function, with free batch and length. Raises ModelError when torch cannot follow the model."""
        import torch

        from ...kit.exporting import hub_layout, torch_programs

        hub_layout.copy_small(subject.folder, folder)
        files = {part.part: f"{part.part}.pt2" for part in subject.functions}
        for part in subject.functions:
            torch.export.save(torch_programs.program(part), folder / files[part.part])
        return {"files": files}

    def open(self, folder: Path) -> Runner:
        """Load every program; a call goes to the one that takes its inputs."""
        import torch

        from ...kit.exporting import functions

        found = functions.of(folder)
        modules = {name: torch.export.load(folder / own.file).module() for name, own in found.items()}

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            name = functions.taking(found, inputs)
            given = [torch.from_numpy(inputs[one]) for one in found[name].inputs]
            with torch.inference_mode():
                out = modules[name](*given)
            return {one: value.float().numpy() for one, value in zip(found[name].outputs, out, strict=True)}

        return run
