"""executorch: a program for phones and small boards, computed by XNNPACK."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.exporting import Runner, Subject

if TYPE_CHECKING:
    import numpy as np

#: The largest batch and the longest text: memory on a small board is planned for them beforehand.
ROWS, LENGTH = 32, 512


class Executorch:
    """model.pte, one a function; batch and length are free up to bounds that the card names."""

    name = "executorch"
    summary = "ExecuTorch (.pte) with XNNPACK: phones, boards, apps in C++, Swift, Kotlin."
    format = "executorch"
    tasks: tuple[str, ...] = (
        "text-classification",
        "token-classification",
        "fill-mask",
        "sentence-similarity",
        "custom",
    )
    tolerance = 1e-3

    def check(self) -> None:
        """Raise OptionError when the executorch package is not there."""
        from importlib.util import find_spec

        from ...core.errors import OptionError

        if find_spec("executorch") is None or find_spec("torchao") is None:
            raise OptionError("--to executorch needs the package executorch.", 'pip install "fmtools[executorch]"')

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write a program a function. Raises ModelError when it cannot be lowered."""
        from ...kit.exporting import executorch_write, hub_layout

        hub_layout.copy_small(subject.folder, folder)
        most = {"batch": ROWS, "length": min(LENGTH, int(subject.facts.get("max_length") or LENGTH))}
        files = {part.part: f"{part.part}.pte" for part in subject.functions}
        for part in subject.functions:
            executorch_write.write(part, folder / files[part.part], most)
        return {"files": files, "bounds": most}

    def open(self, folder: Path) -> Runner:
        """Load every program in ExecuTorch's own runtime."""
        import torch
        from executorch.runtime import Runtime

        from ...kit.exporting import functions

        found, runtime = functions.of(folder), Runtime.get()
        programs = {name: runtime.load_program(folder / own.file) for name, own in found.items()}
        methods = {name: program.load_method("forward") for name, program in programs.items()}

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            name = functions.taking(found, inputs)
            out = methods[name].execute([torch.from_numpy(inputs[one]) for one in found[name].inputs])
            return {one: value.float().numpy().copy() for one, value in zip(found[name].outputs, out, strict=True)}

        return run
