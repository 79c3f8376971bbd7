"""bundle: a folder that serves the model anywhere, by Docker, Kubernetes or plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.exporting import Runner, Subject


class Bundle:
    """The model as ONNX with its server, pinned requirements, Dockerfile, compose, Kubernetes and KServe manifests, README."""

    name = "bundle"
    summary = "A folder that serves the model anywhere: server, Dockerfile, compose, Kubernetes, KServe."
    format = "bundle"
    #: What the server answers.
    tasks: tuple[str, ...] = (
        "custom", "fill-mask", "preference-tuning", "question-answering", "sentence-similarity", "text-classification",
        "summarization", "text-generation", "token-classification", "translation",
    )  # fmt: skip
    tolerance = 1e-3

    def check(self) -> None:
        """Raise OptionError when the server's packages are not installed: their versions are what is pinned."""
        from importlib.metadata import PackageNotFoundError

        from ...core.errors import OptionError
        from ...kit.bundles import pins

        try:
            pins.pinned("text-generation")
        except PackageNotFoundError as error:
            raise OptionError(f"--to bundle needs the package {error.name}.", 'pip install "fmtools[serve]"') from None

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write model/ and serving/; the rest, which says how the model answers, is written by `finish`."""
        from ...kit.bundles import write
        from ...kit.exporting import hub_layout
        from ...kit.exporting import onnx_write as onnx_write

        model = folder / write.MODEL
        hub_layout.copy_small(subject.folder, model)
        facts = onnx_write.write_all(subject, model)
        write.server(folder)
        files = {part: f"{write.MODEL}/{name}" for part, name in facts["files"].items()}
        run = subject.training
        return {**facts, "files": files, "base": run.get("model", ""), "licence": run.get("licence", "")}

    def wrap(self, source: Path, card: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Write model/ and serving/ from an ONNX artefact that is there, such as a quantized one; return the bundle's card."""
        from ...kit.bundles import write
        from ...kit.exporting import hub_layout

        hub_layout.copy_all(source, folder / write.MODEL)
        write.server(folder)
        files = {part: f"{write.MODEL}/{name}" for part, name in card["files"].items()}
        return {**card, "format": self.format, "exporter": self.name, "files": files}

    def finish(self, folder: Path, card: dict[str, Any]) -> None:
        """Write everything around model and server, with the scores that the gate found."""
        from ...kit.bundles import write

        write.rest(folder, card)

    def open(self, folder: Path) -> Runner:
        """Open the model in onnxruntime, as its server does."""
        from ...kit.onnx import run as onnx_run

        return onnx_run.opened(folder)
