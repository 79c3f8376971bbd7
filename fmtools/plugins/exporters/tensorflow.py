"""tensorflow: a SavedModel, converted from ONNX by onnx2tf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.exporting import Runner, Subject

#: Where the SavedModel lies, and the longest text that one is made for.
FOLDER, LENGTH = "saved_model", 512


class Tensorflow:
    """saved_model/ for TensorFlow and TensorFlow Serving: one row of one length a call."""

    name = "tensorflow"
    summary = "TensorFlow SavedModel, through onnx2tf: one text a call, padded."
    format = "tensorflow"
    tasks: tuple[str, ...] = (
        "text-classification",
        "token-classification",
        "question-answering",
        "fill-mask",
    )
    tolerance = 1e-3

    def check(self) -> None:
        """Raise OptionError when no Python with TensorFlow and onnx2tf is known."""
        from ...kit.exporting import tensorflow_run

        tensorflow_run.python()

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write ONNX, fix its sizes, convert it. Raises ModelError with the converter's words."""
        import tempfile

        from ...kit.exporting import hub_layout, tensorflow_run
        from ...kit.exporting import onnx_write as onnx_write

        hub_layout.copy_small(subject.folder, folder)
        sizes = {"batch": 1, "length": min(LENGTH, int(subject.facts.get("max_length") or LENGTH))}
        with tempfile.TemporaryDirectory() as made:
            path, fixed = Path(made) / "model.onnx", Path(made) / "folded.onnx"
            onnx_write.write(subject, path)
            tensorflow_run.folded(path, sizes, subject.axes, fixed)
            tensorflow_run.convert(fixed, folder / FOLDER)
        return {"files": {"model": FOLDER}, "sizes": sizes}

    def open(self, folder: Path) -> Runner:
        """Open it in TensorFlow."""
        import json

        from ...core.exporting import CARD
        from ...kit.exporting import tensorflow_run

        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return tensorflow_run.opened(folder / card["files"]["model"], card)
