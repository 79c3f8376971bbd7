"""triton: a model repository for NVIDIA Triton, which KServe serves as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.exporting import Runner, Subject

#: Where the repository lies in the folder, and how many rows Triton may put together.
REPOSITORY, BATCH = "model_repository", 64


class Triton:
    """model_repository/<part>/config.pbtxt and 1/model.onnx, with free batch and length."""

    name = "triton"
    summary = "A model repository for Triton and KServe: ONNX with its config.pbtxt."
    format = "triton"
    tasks: tuple[str, ...] = ()
    tolerance = 1e-3

    def check(self) -> None:
        """Nothing to ask for: protobuf comes with onnx."""

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write the repository, and the tokenizer beside it for the client."""
        from ...kit.exporting import hub_layout, triton
        from ...kit.exporting import onnx_write as onnx_write
        from ...kit.onnx import run as onnx_run

        hub_layout.copy_small(subject.folder, folder)
        files = {part.part: f"{REPOSITORY}/{part.part}/1/model.onnx" for part in subject.functions}
        for part in subject.functions:
            path = folder / files[part.part]
            onnx_write.write(part, path)
            text = triton.write(part.part, onnx_run.session(path), part.axes, BATCH)
            (path.parents[1] / "config.pbtxt").write_text(text, encoding="utf-8")
        return {"files": files}

    def open(self, folder: Path) -> Runner:
        """Read every configuration as Triton does, compare it with its model, and run that in onnxruntime, Triton's backend."""
        from ...core.errors import ModelError
        from ...kit.exporting import functions, triton
        from ...kit.onnx import run as onnx_run

        for name, own in functions.of(folder).items():
            path = folder / own.file
            config = triton.read((path.parents[1] / "config.pbtxt").read_text(encoding="utf-8"))
            faults = triton.faults(config, onnx_run.session(path))
            if config.name != name or faults:
                raise ModelError(f"config.pbtxt of {name} does not fit its model: {'; '.join(faults)}.", "")
        return onnx_run.opened(folder)
