"""browser: a folder that transformers.js and onnxruntime-web open in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.exporting import Runner, Subject


class Browser:
    """The hub's layout with onnx/model.onnx, and onnx/model_quantized.onnx where the run has an int8 artefact."""

    name = "browser"
    summary = "For a page: the hub's layout with ONNX, as transformers.js and onnxruntime-web read it."
    format = "onnx"
    tasks: tuple[str, ...] = ()
    tolerance = 1e-3

    def check(self) -> None:
        """Nothing to ask for: without Node the written file is opened in Python's onnxruntime, and the card says so."""

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write graphs, configuration and tokenizer."""
        from ...kit.exporting import hub_layout, ort_web
        from ...kit.exporting import onnx_write as onnx_write

        hub_layout.copy_small(subject.folder, folder)
        facts = onnx_write.write_all(subject, folder)
        if small := _quantized(subject.folder.parent):
            import shutil

            shutil.copyfile(small, folder / "onnx/model_quantized.onnx")
            facts["files"]["quantized"] = "onnx/model_quantized.onnx"
        web = ort_web.found()
        return {**facts, "opened_by": f"onnxruntime-web {ort_web.version(web[1])}" if web else "onnxruntime"}

    def open(self, folder: Path) -> Runner:
        """Open it in onnxruntime-web, in Node; in Python's onnxruntime where Node or the package is not there."""
        from ...kit.exporting import functions, ort_web
        from ...kit.onnx import run as onnx_run

        web = ort_web.found()
        if web is None:
            return onnx_run.opened(folder)
        return ort_web.opened(*web, [folder / own.file for own in functions.of(folder).values()])


def _quantized(artefacts: Path) -> Path | None:
    """Return the ONNX file of the run's int8 artefact; None when it has none."""
    import json

    from ...core.exporting import CARD

    for path in sorted(artefacts.glob(f"*/{CARD}")):
        card = json.loads(path.read_text(encoding="utf-8"))
        if str(card.get("method", "")).startswith("int8") and "model" in card.get("files", {}):
            return Path(path.parent / card["files"]["model"])
    return None
